/** Bad input: each gets one sentence of what is wrong and one of what to do, before any work is lost. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import { files, fixture, openPage } from "./support";

const MODEL = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];

const upload = (name: string, buffer = readFileSync(fixture(`llama-gqa/${name}`))) => ({
  name,
  mimeType: "application/octet-stream",
  buffer,
});

async function expectFault(page: Page, code: string, message: RegExp) {
  const panel = page.getByTestId("error-panel").filter({ hasText: message });
  await expect(panel).toBeVisible();
  await expect(panel).toHaveAttribute("data-code", code);
}

test.beforeEach(async ({ page }) => {
  await openPage(page, "cpu");
});

test("a whole model folder opens", async ({ page }) => {
  await page.getByTestId("model-files").setInputFiles(MODEL.map((name) => upload(name)));
  await expect(page.getByText("78,144")).toBeVisible();
});

test("a model folder without its tokenizer", async ({ page }) => {
  await page
    .getByTestId("model-files")
    .setInputFiles(MODEL.filter((name) => name !== "tokenizer.json").map((name) => upload(name)));
  await expectFault(page, "model/missing-file", /tokenizer\.json/);
});

test("a truncated safetensors", async ({ page }) => {
  const cut = readFileSync(fixture("llama-gqa/model.safetensors")).subarray(0, 50_000);
  const given = MODEL.map((name) => upload(name, name === "model.safetensors" ? cut : undefined));
  await page.getByTestId("model-files").setInputFiles(given);
  await expectFault(page, "file/truncated", /./);
});

test("an architecture that is not supported", async ({ page }) => {
  const config = JSON.parse(readFileSync(fixture("llama-gqa/config.json"), "utf8")) as object;
  const other = Buffer.from(JSON.stringify({ ...config, model_type: "mamba" }));
  await page
    .getByTestId("model-files")
    .setInputFiles(MODEL.map((name) => upload(name, name === "config.json" ? other : undefined)));
  await expectFault(page, "model/unsupported", /mamba/);
});

test("shapes that contradict the config", async ({ page }) => {
  const config = JSON.parse(readFileSync(fixture("llama-gqa/config.json"), "utf8")) as object;
  const other = Buffer.from(JSON.stringify({ ...config, intermediate_size: 128 }));
  await page
    .getByTestId("model-files")
    .setInputFiles(MODEL.map((name) => upload(name, name === "config.json" ? other : undefined)));
  await expectFault(page, "model/bad-shape", /gate_proj/);
});

test("data without a usable row, and data with nothing to learn", async ({ page }) => {
  await page.getByTestId("open-ember").click();
  const give = (name: string, buffer: Buffer) =>
    page.getByTestId("data-file").setInputFiles({ name, mimeType: "application/jsonl", buffer });
  await give("bad.jsonl", Buffer.from("{nope\nneither\n"));
  await expectFault(page, "dataset/empty", /bad\.jsonl/);
  const long = files(Array.from({ length: 5 }, () => ({ prompt: "word ".repeat(600), completion: " x" })));
  await give("long.jsonl", long);
  await expectFault(page, "dataset/nothing-to-learn", /long\.jsonl/);
});
