/** Learning otherwise than by example: preferences after a run by example, and rewards; each from a click to its verdict. */
import { expect, test } from "playwright/test";
import { number, openPage } from "./support";

test("by reward: half of the demo's steps lift the held-out reward, and the verdict says so", async ({ page }) => {
  test.setTimeout(400_000);
  const faults = await openPage(page, "cpu");
  await expect(page.getByTestId("run-rewards")).toBeEnabled();
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-replies").click();
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
  await page.getByLabel("Steps", { exact: true }).fill("15");
  await page.getByTestId("start-training").click();
  await expect(page.getByTestId("phase")).toHaveText("Finished", { timeout: 300_000 });
  expect(await number(page, "feedback")).toBeGreaterThan(70);
  for (const title of ["Reward", "Groups with nothing to learn", "Tokens of an answer"]) {
    await expect(page.locator(".curves").getByText(title, { exact: true })).toBeVisible();
  }
  await page.getByTestId("compare").click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "better", { timeout: 60_000 });
  expect(faults).toEqual([]);
});

test("preferences after a run by example: the same adapter goes on, and chosen answers gain", async ({ page }) => {
  test.setTimeout(400_000);
  const faults = await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-commands").click();
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
  await page.getByLabel("Steps", { exact: true }).fill("20");
  await page.getByTestId("start-training").click();
  await expect(page.getByTestId("preferences")).toBeVisible({ timeout: 90_000 });
  await page.getByTestId("go-on-preferences").click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "better", { timeout: 250_000 });
  await expect(page.getByLabel("Method")).toHaveValue("dpo");
  expect(await number(page, "feedback")).toBeGreaterThan(80);
  for (const title of ["Chosen above rejected", "Margin of chosen over rejected"]) {
    await expect(page.locator(".curves").getByText(title, { exact: true })).toBeVisible();
  }
  // What goes on from an adapter has not been learned by example alone, so nothing is offered twice.
  await expect(page.getByTestId("preferences")).toHaveCount(0);
  expect(faults).toEqual([]);
});

test("rewards that tell no answer from another are told, and pairs of equal answers are named", async ({ page }) => {
  test.setTimeout(120_000);
  await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  const give = (name: string, rows: readonly object[]) =>
    page.getByTestId("data-file").setInputFiles({
      ...{ name, mimeType: "application/jsonl" },
      buffer: Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join("")),
    });
  await page.getByLabel("Method").selectOption("dpo");
  const answer = (i: number) => ({ prompt: `User: say ${i}\n`, chosen: ` ${i}`, rejected: i === 3 ? " 3" : " no" });
  await give(
    "pairs.jsonl",
    Array.from({ length: 30 }, (_, i) => answer(i)),
  );
  await expect(page.getByTestId("stopped-by")).toContainText(/equal/i, { timeout: 30_000 });

  await page.getByLabel("Method").selectOption("grpo");
  await give(
    "questions.jsonl",
    Array.from({ length: 30 }, (_, i) => ({ prompt: `User: say ${i}\n`, completion: " never this" })),
  );
  await page.getByText("More settings").click();
  await page.getByLabel("Longest try").fill("4");
  await page.getByLabel("Answers a prompt").fill("2");
  await page.getByLabel("Steps", { exact: true }).fill("8");
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
  await page.getByTestId("start-training").click();
  await expect(page.getByText(/nothing to learn: for \d samplings in a row/)).toBeVisible({ timeout: 60_000 });
});
