/**
 * The main journey as a person walks it: the one-button demo to a verdict, the adapter taken away and loaded again, and
 * one's own data with bad lines. On the CPU engine, except where WebGPU is the point.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "playwright/test";
import { files, openPage } from "./support";

test("the commands demo: from one button to a verdict, download and load again", async ({ page }) => {
  const faults = await openPage(page, "cpu");
  const start = Date.now();
  await page.getByTestId("run-demo").click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "better", { timeout: 110_000 });
  test.info().annotations.push({ type: "seconds", description: String((Date.now() - start) / 1000) });
  const rate = async (id: string) => Number.parseFloat(await page.getByTestId(id).first().innerText());
  expect(await rate("base-rate")).toBeLessThanOrEqual(10);
  expect(await rate("tuned-rate")).toBeGreaterThanOrEqual(90);

  const download = page.waitForEvent("download");
  await page.getByTestId("download-adapter").click();
  const path = await (await download).path();
  const zip = readFileSync(path);
  expect(zip.includes("adapter_model.safetensors")).toBe(true);
  expect(zip.includes("adapter_config.json")).toBe(true);

  const single: { name: string; mimeType: string; buffer: Buffer }[] = [];
  for (const name of ["adapter_model.safetensors", "adapter_config.json"]) {
    const event = page.waitForEvent("download");
    await page.getByTestId("download-file").filter({ hasText: name }).click();
    single.push({ name, mimeType: "application/octet-stream", buffer: readFileSync(await (await event).path()) });
  }
  await page.getByTestId("load-adapter").setInputFiles(single);
  await expect(page.getByTestId("loaded-adapter")).toBeVisible();
  await page.getByTestId("compare").click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "better");
  expect(await rate("tuned-rate")).toBeGreaterThanOrEqual(90);
  expect(faults).toEqual([]);
});

test("the chat answers as a call with the adapter, and otherwise without", async ({ page }) => {
  await openPage(page, "cpu");
  await page.getByTestId("run-demo").click();
  await expect(page.getByTestId("verdict")).toBeVisible({ timeout: 110_000 });
  const ask = async () => {
    await page.getByTestId("chat-input").fill("Set the light in the attic to pink");
    await page.getByTestId("chat-send").click();
    await expect(page.getByTestId("chat-send")).toBeDisabled();
    await expect(page.getByTestId("chat-output")).toContainText(/\w/);
    return page.getByTestId("chat-output").innerText();
  };
  await page.getByTestId("chat-input").fill("x");
  await expect(page.getByTestId("adapter-switch")).toBeChecked();
  expect(await ask()).toContain("set_light");
  await page.getByTestId("adapter-switch").uncheck();
  expect(await ask()).not.toContain("set_light");
});

test("one's own data with bad lines trains, pauses, resumes and stops", async ({ page }) => {
  await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  const animals = ["cat", "dog", "fox", "hen", "pig", "owl", "bee", "ant"];
  const rows = Array.from({ length: 40 }, (_, i) => ({
    prompt: `User: I saw ${i} times a ${animals[i % 8]}\nCall:`,
    completion: ` saw(${animals[i % 8]})`,
  }));
  const buffer = Buffer.concat([files(rows.slice(0, 20)), Buffer.from("{not json\n"), files(rows.slice(20))]);
  await page.getByTestId("data-file").setInputFiles({ name: "animals.jsonl", mimeType: "application/jsonl", buffer });
  await expect(page.getByTestId("data-faults")).toContainText("21");
  await page.getByLabel(/^Steps/).fill("400");
  await page.getByTestId("start-training").click();
  const step = async () => Number.parseInt((await page.getByTestId("step-count").innerText()).replace(/^\D+/, ""), 10);
  await expect.poll(step, { timeout: 30_000 }).toBeGreaterThan(5);
  // What stood before the first step is told once, in the page and in the browser's own timeline.
  await page.getByTestId("timeline").locator("summary").click();
  await expect(page.getByTestId("timeline")).toContainText("run: first step");
  expect(await page.evaluate(() => performance.getEntriesByName("first step", "measure").length)).toBe(1);
  await page.getByTestId("pause").click();
  await expect(page.getByTestId("phase")).toContainText(/paused/i);
  // The pause is taken between steps: the one under way still ends, and is shown.
  await page.waitForTimeout(1000);
  const held = await step();
  await page.waitForTimeout(700);
  expect(await step()).toBe(held);
  await page.getByTestId("resume").click();
  await expect.poll(step).toBeGreaterThan(held + 3);
  await page.getByTestId("stop").click();
  await expect(page.getByTestId("compare")).toBeEnabled({ timeout: 30_000 });
});

test("on WebGPU: the loss falls while the page stays responsive", async ({ page }) => {
  test.setTimeout(280_000);
  const faults = await openPage(page, "webgpu");
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-feelings").click();
  await page.getByLabel(/^Steps/).fill("12");
  await expect(page.getByTestId("memory-plan")).toBeVisible();
  await page.getByTestId("start-training").click();
  await expect(page.getByTestId("phase")).toBeVisible();
  const loss = async () => Number.parseFloat(await page.getByTestId("train-loss").innerText());
  await expect.poll(loss, { timeout: 120_000 }).toBeGreaterThan(0);
  const first = await loss();
  // A frame may be late while the software GPU holds both cores, but the page must go on drawing.
  const frames = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let count = 0;
        const end = performance.now() + 1000;
        const tick = () => {
          count++;
          if (performance.now() < end) requestAnimationFrame(tick);
          else resolve(count);
        };
        requestAnimationFrame(tick);
      }),
  );
  expect(frames).toBeGreaterThan(5);
  await expect(page.getByTestId("compare")).toBeEnabled({ timeout: 200_000 });
  expect(await loss()).toBeLessThan(0.7 * first);
  expect(faults).toEqual([]);
});
