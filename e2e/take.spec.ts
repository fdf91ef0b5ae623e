/** The tuned model leaves the page: a GGUF read again by llama.cpp, ONNX by onnxruntime, and both of them to a Hub. */
import { expect, type Page, test } from "playwright/test";
import { startHub, type TestHub } from "../src/hub/loopback-hub";
import { openPage } from "./support";

const TOKEN = "hf_mayWrite";
let hub: TestHub;
test.beforeAll(async () => {
  hub = await startHub();
  hub.uploads.accounts.set(TOKEN, { name: "me", role: "write" });
});
test.afterAll(() => hub.close());

async function exported(page: Page, format: string, quant: string): Promise<string> {
  await page.getByTestId(`quant-${format}`).selectOption(quant);
  await expect(page.getByTestId(`size-${format}`)).toContainText(/\d/);
  await page.getByTestId("export").click();
  await expect(page.getByTestId("self-test")).toBeVisible({ timeout: 60_000 });
  return page.getByTestId("self-test").innerText();
}

test("a tuned model leaves as GGUF and ONNX, is read again by others, and goes to the Hub", async ({ page }) => {
  const faults = await openPage(page, "cpu", `hub=${encodeURIComponent(hub.url)}`);
  await page.getByTestId("run-feelings").click();
  await expect(page.getByTestId("verdict")).toBeVisible({ timeout: 110_000 });

  const gguf = await exported(page, "gguf", "f16");
  expect(gguf).toContain("llama.cpp in WebAssembly");
  expect(gguf).not.toContain("✗");
  expect(gguf).toMatch(/held-out cases pass/);
  await page.getByTestId("chat-input").fill("I lost my dog today");
  await page.getByTestId("chat-send").click();
  await expect(page.getByTestId("chat-exported").last()).toHaveText(await answered(page), { timeout: 30_000 });

  const onnx = await exported(page, "onnx", "q8");
  expect(onnx).toContain("onnxruntime");
  expect(onnx).not.toContain("✗");

  await page.getByTestId("push-open").click();
  await page.getByTestId("push-repo").fill("me/feelings");
  await page.getByTestId("push-token").fill(TOKEN);
  await page.getByTestId("push-check").click();
  await expect(page.getByTestId("push-view")).toContainText("will be made, private, by me");
  await page.getByTestId("push").click();
  await expect(page.getByTestId("pushed")).toContainText("me/feelings");
  const files = [...(hub.repos.get("me/feelings")?.files.keys() ?? [])].sort();
  expect(files).toContain("onnx/model_quantized.onnx");
  expect(files).toContain("README.md");
  expect(hub.repos.get("me/feelings")?.files.get("README.md")?.toString()).toContain("## Self-test");
  expect(faults).toEqual([]);
});

async function answered(page: Page): Promise<string> {
  await expect(page.getByTestId("chat-send")).toBeVisible();
  await expect(page.getByTestId("chat-output")).toContainText(/\w/);
  return page.getByTestId("chat-output").innerText();
}
