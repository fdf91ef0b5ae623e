/** A run that goes wrong keeps its last good state, says why, and offers the next thing to do. */
import { expect, test } from "playwright/test";
import { openPage } from "./support";

test("a loss that explodes: the cause, and one button that goes on at a third of the rate", async ({ page }) => {
  test.setTimeout(180_000);
  await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-feelings").click();
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
  await page.getByText("More settings").click();
  await page.getByLabel("Gradient limit").fill("0");
  await page.getByLabel("Learning rate").fill("1e25");
  await page.getByTestId("start-training").click();
  const panel = page.getByTestId("error-panel").filter({ hasText: /At step \d+/ });
  await expect(panel).toHaveAttribute("data-code", "run/diverged", { timeout: 60_000 });
  await expect(panel).toContainText("The adapter is the one");
  // Still too high: what counts is that the button asks for a third, and that the run starts again.
  await page.getByTestId("go-on-gently").click();
  await expect
    .poll(() => page.getByRole("spinbutton", { name: "Learning rate" }).inputValue().then(Number))
    .toBeCloseTo(1e25 / 3, -20);
  await expect(panel).toBeVisible({ timeout: 60_000 });
});

test("a reward whose code throws: the run halts with its cause, and can be tried again", async ({ page }) => {
  test.setTimeout(180_000);
  const rewards = [{ name: "javascript", weight: 1, pattern: "", code: 'throw new Error("no such field"); return 1;' }];
  const recipe = new URLSearchParams({
    ...{ method: "grpo", "data.train": "bundled:replies", "schedule.steps": "4", "grpo.numGenerations": "2" },
    ...{ "grpo.maxCompletionLength": "8", "grpo.rewards": JSON.stringify(rewards), "evaluate.every": "0" },
  });
  await page.goto(`/?engine=cpu#recipe:${recipe}`);
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-replies").click();
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
  await page.getByTestId("start-training").click();
  const panel = page.getByTestId("error-panel").filter({ hasText: "no such field" });
  await expect(panel).toHaveAttribute("data-code", "run/reward", { timeout: 60_000 });
  await expect(panel).toContainText("The adapter is the one");
  await page.getByTestId("go-on-again").click();
  await expect(panel).toHaveCount(0);
  await expect(panel).toHaveAttribute("data-code", "run/reward", { timeout: 60_000 });
});
