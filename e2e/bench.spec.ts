/** The room in which a machine is measured, on the CPU engine and the smallest model. */
import { expect, test } from "playwright/test";
import { openPage } from "./support";

test("measures the bundled model, says what came out, and hands it on as JSON", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const faults = await openPage(page, "cpu");
  await page.getByRole("link", { name: "Bench" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("How fast is this machine?");
  await page.getByLabel("SmolLM2, 135 million").uncheck();
  await page.getByLabel("How cost grows").uncheck();
  await page.getByTestId("run-bench").click();
  await expect(page.getByTestId("stop-bench")).toBeVisible();
  await expect(page.getByTestId("copy-bench")).toBeVisible({ timeout: 90_000 });

  const row = page.getByTestId("bench-steps").getByRole("row").filter({ hasText: "Ember" });
  await expect(row).toHaveCount(1);
  await expect(page.getByTestId("bench-ceilings")).toContainText("GFLOP/s");
  await page.getByTestId("copy-bench").click();
  const report = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  expect(report.device.target).toBe("cpu");
  expect(report.ceilings.matmulGflops).toBeGreaterThan(0.1);
  const [step] = report.steps;
  // 128 tokens of a causal sequence; the last row predicts nothing.
  expect([step.tokens, step.labels]).toEqual([128, 127]);
  expect(step.utilisation).toBeGreaterThan(0.01);
  expect(step.utilisation).toBeLessThan(1.5);
  const shares = step.kernels.reduce((sum: number, kernel: { share: number }) => sum + kernel.share, 0);
  expect(shares).toBeCloseTo(1, 6);
  expect(report.decodes.map(({ sequences }: { sequences: number }) => sequences)).toEqual([1, 32]);
  for (const { tokensPerSecond } of report.decodes) expect(tokensPerSecond).toBeGreaterThan(1);

  // What was measured is still there after a look at another room, and the engine still trains.
  await page.getByRole("link", { name: "Train" }).click();
  await expect(page.getByTestId("run-demo")).toBeEnabled();
  await page.getByRole("link", { name: "Bench" }).click();
  await expect(row).toHaveCount(1);
  expect(faults).toEqual([]);
});
