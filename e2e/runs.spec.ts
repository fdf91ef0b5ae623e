/** Kept runs as a person meets them: a tab that closes in the middle loses nothing, and a run can be compared and moved. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import { number, openPage } from "./support";

async function start(page: Page, steps: number): Promise<void> {
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-commands").click();
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
  await page.getByLabel("Steps", { exact: true }).fill(String(steps));
  await page.getByTestId("start-training").click();
}

test("a tab that is closed in the middle of a run: its record says so, and it goes on from its checkpoint", async ({
  page,
  context,
}) => {
  test.setTimeout(300_000);
  await openPage(page, "cpu");
  await start(page, 70);
  // The dataset's recipe evaluates at step 40; a checkpoint comes with it, or earlier on a slow machine.
  await expect.poll(() => number(page, "step-count"), { timeout: 120_000 }).toBeGreaterThan(40);
  await page.close({ runBeforeUnload: false });

  const again = await context.newPage();
  const faults = await openPage(again, "cpu");
  await again.getByRole("link", { name: "Runs" }).click();
  const row = again.getByTestId("run-row").first();
  await expect(row).toHaveAttribute("data-status", "interrupted", { timeout: 20_000 });
  await row.getByTestId("run-more").click();
  await row.getByTestId("run-notes").fill("Closed by accident");
  await row.getByTestId("run-notes").blur();
  await expect(row.getByTestId("run-resume")).toContainText(/from step \d\d/);
  await row.getByTestId("run-resume").click();
  await expect(again.getByTestId("phase")).toHaveText("Finished", { timeout: 150_000 });
  expect(await number(again, "step-count")).toBe(70);
  await again.getByTestId("compare").click();
  await expect(again.getByTestId("verdict")).toHaveAttribute("data-verdict", "better", { timeout: 60_000 });

  await again.getByRole("link", { name: "Runs" }).click();
  await expect(again.getByTestId("run-row").first()).toHaveAttribute("data-status", "done");
  await again.getByTestId("run-row").first().getByTestId("run-more").click();
  const download = again.waitForEvent("download");
  await again.getByTestId("run-export").click();
  const zip = readFileSync(await (await download).path());
  await again.getByTestId("run-import").setInputFiles({ name: "run.zip", mimeType: "application/zip", buffer: zip });
  await expect(again.getByTestId("run-row")).toHaveCount(2);
  for (const box of await again.getByRole("checkbox").all()) await box.check();
  await expect(again.getByTestId("side-by-side")).toContainText("the same settings, model, data and engine");
  expect(faults).toEqual([]);
});

test("a rate is found and used, and a sweep ends with its best run open", async ({ page }) => {
  test.setTimeout(240_000);
  const faults = await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-commands").click();
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
  await page.getByLabel("Steps", { exact: true }).fill("15");
  await page.getByRole("link", { name: "Sweep" }).click();
  await page.getByTestId("find-rate").click();
  await expect(page.getByTestId("rate-sentence")).toContainText("falls fastest", { timeout: 60_000 });
  await page.getByTestId("use-rate").click();
  await expect(page.getByTestId("use-rate")).toHaveText("The recipe has it");
  await page.getByTestId("sweep-rates").fill("1e-5, 3e-3");
  await page.getByTestId("start-sweep").click();
  await expect(page.getByTestId("sweep-table").locator("tbody tr").first()).toContainText("0.003", { timeout: 60_000 });
  await expect(page.getByTestId("start-sweep")).toBeEnabled({ timeout: 60_000 });
  await page.getByLabel("Rooms").getByRole("link", { name: "Runs" }).click();
  await expect(page.getByTestId("run-row")).toHaveCount(2);
  expect(faults).toEqual([]);
});

test("adapters of kept runs answer beside the one of this tab, in one table", async ({ page }) => {
  test.setTimeout(180_000);
  page.setDefaultTimeout(30_000);
  const faults = await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-feelings").click();
  for (const steps of ["2", "12"]) {
    await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
    await page.getByLabel("Steps", { exact: true }).fill(steps);
    await page.getByTestId("start-training").click();
    await expect(page.getByTestId("step-count")).toContainText(`step ${steps} of ${steps}`, { timeout: 60_000 });
    await expect(page.getByTestId("phase")).toHaveText("Finished", { timeout: 60_000 });
  }
  await page.getByLabel("Rooms").getByRole("link", { name: "Runs" }).click();
  const rows = page.getByTestId("run-row");
  await expect(rows).toHaveCount(2);
  await rows.last().getByTestId("run-more").click();
  await rows.last().getByLabel("Name", { exact: true }).fill("two steps");
  await rows.last().getByLabel("Name", { exact: true }).blur();

  await page.getByLabel("Rooms").getByRole("link", { name: "Evaluate" }).click();
  await page.getByText("Adapters of kept runs beside it").click();
  await page.getByRole("checkbox", { name: "two steps" }).check();
  await page.getByTestId("suite-feelings").click();
  await page.getByTestId("evaluate-maxTokens").fill("8");
  await page.getByTestId("arm-base").uncheck();
  await page.getByTestId("evaluate-start").click();
  const report = page.getByTestId("report");
  await expect(report).toContainText("two steps", { timeout: 60_000 });
  await expect(report.getByLabel("Arms").getByRole("row")).toHaveCount(3);
  await expect(report.getByLabel("Pairs")).toContainText(/worse/);
  expect(faults).toEqual([]);
});
