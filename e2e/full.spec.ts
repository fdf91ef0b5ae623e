/** The weights themselves learn in the page: the form shows what counts for them, and the whole model is taken away. */
import { expect, test } from "playwright/test";
import { openPage } from "./support";

test("everything learns: no field of an adapter is shown, the loss falls, and the model leaves whole", async ({
  page,
}) => {
  test.setTimeout(180_000);
  const faults = await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-feelings").click();
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
  await expect(page.getByLabel("Rank", { exact: true })).toBeVisible();
  await page.getByLabel("What learns").selectOption("full");
  await expect(page.getByLabel("Rank", { exact: true })).toHaveCount(0);
  await expect(page.getByText("Where the adapter sits")).toHaveCount(0);
  await expect(page.getByTestId("memory-plan")).toContainText("trained weights");
  await page.getByText("More settings").click();
  await page.getByLabel("Stay as they are").fill("*norm*");
  await page.getByLabel("Learning rate").fill("0.002");
  await page.getByLabel("Steps", { exact: true }).fill("30");
  await page.getByLabel("Measure every").fill("0");
  await page.getByLabel("Compared cases").fill("24");
  await page.getByTestId("start-training").click();
  await expect(page.getByTestId("phase")).toHaveText("Finished", { timeout: 120_000 });
  await page.getByTestId("compare").click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "better", { timeout: 60_000 });

  await expect(page.getByTestId("download-adapter")).toHaveCount(0);
  await expect(page.getByTestId("size-gguf-lora")).toHaveCount(0);
  await page.getByTestId("quant-gguf").selectOption("f16");
  await page.getByTestId("export").click();
  await expect(page.getByTestId("self-test")).toBeVisible({ timeout: 60_000 });
  expect(await page.getByTestId("self-test").innerText()).not.toContain("✗");
  expect(faults).toEqual([]);
});
