/** The graphics process dies in the middle of a run: the page says so, and the run goes on from its checkpoint. */
import { expect, test } from "playwright/test";
import { number, openPage } from "./support";

test("a crash of the graphics process costs the steps since the last checkpoint, not the run", async ({
  page,
  browser,
}) => {
  test.setTimeout(400_000);
  await openPage(page, "webgpu");
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-feelings").click();
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 60_000 });
  await page.getByLabel("Steps", { exact: true }).fill("20");
  await page.getByText("More settings").click();
  await page.getByLabel("Measure every").fill("0");
  await page.getByLabel("Held-out share").fill("0");
  await page.getByLabel("Checkpoint every").fill("1");
  await page.getByTestId("start-training").click();
  // The first step is shown before it is kept, the second one after that.
  await expect(page.getByTestId("step-count")).toHaveText(/step ([2-9]|1\d)/, { timeout: 150_000 });

  const devtools = await browser.newBrowserCDPSession();
  await devtools.send("Browser.crashGpuProcess").catch(() => undefined);
  const panel = page.getByTestId("error-panel").filter({ hasText: "graphics" });
  await expect(panel).toHaveAttribute("data-code", "device/lost", { timeout: 30_000 });
  await expect(panel).toContainText("Reload the page");

  // Wherever it goes on, the recipe, the rows' order and the adapter are those of the checkpoint.
  await openPage(page, "cpu");
  await page.getByLabel("Rooms").getByRole("link", { name: "Runs" }).click();
  const row = page.getByTestId("run-row").first();
  await expect(row).toHaveAttribute("data-status", "interrupted", { timeout: 20_000 });
  await row.getByTestId("run-more").click();
  await row.getByTestId("run-resume").click();
  await expect(page.getByTestId("phase")).toHaveText("Finished", { timeout: 150_000 });
  expect(await number(page, "step-count")).toBe(20);
});
