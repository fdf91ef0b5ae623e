/**
 * An ONNX export of the bundled model through transformers.js in the browser, beside our own engine: the same answers, the same
 * choices, and nothing is fetched but this page's own files.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, type Locator, type Page, test } from "playwright/test";
import type { SuiteReport } from "../src/eval/suite-report";
import { startHub } from "../src/hub/loopback-hub";
import { openPage } from "./support";

const folder = mkdtempSync(join(tmpdir(), "burnish-onnx-"));
const commands = readFileSync(new URL("../public/datasets/commands.eval.jsonl", import.meta.url), "utf8")
  .split("\n")
  .slice(0, 10);

test.beforeAll(() => {
  const cli = fileURLToPath(new URL("../src/cli/bin.mjs", import.meta.url));
  const how = ["--model", "bundled:ember", "--format", "onnx", "--quant", "f32", "--out", folder, "--device", "cpu"];
  execFileSync(process.execPath, [cli, "export", ...how], { stdio: "ignore" });
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

const choices = commands.map((row, i) => {
  const options = [0, 1, 2].map((step) => JSON.parse(commands[(i + 3 * step) % 10] ?? "").completion.trim());
  return JSON.stringify({ question: JSON.parse(row).prompt, choices: options, answer: 0 });
});

test("an ONNX export in the browser says and chooses what our engine does; nothing comes from elsewhere", async ({
  page,
  context,
  baseURL,
}) => {
  test.setTimeout(240_000);
  const elsewhere: string[] = [];
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(baseURL ?? "") && !/^(blob|data):/.test(url)) elsewhere.push(url);
  });
  const faults = await openPage(page, "cpu");
  await page.getByLabel("Rooms").getByRole("link", { name: "Evaluate" }).click();
  await page.getByTestId("evaluate-ember").click();
  // While the model opens nothing can be chosen, and a forced click waits for nothing.
  await expect(page.getByTestId("evaluate-onnx")).toBeEnabled();
  await page.getByTestId("evaluate-onnx").check({ force: true });
  await page.getByTestId("onnx-folder").setInputFiles(folder);
  await expect(page.getByTestId("onnx-models")).toContainText("files");
  await page.getByTestId("evaluate-maxTokens").fill("16");

  for (const [name, lines] of [
    ["commands.jsonl", commands],
    ["choices.jsonl", choices],
  ] as const) {
    const buffer = Buffer.from(lines.join("\n"));
    await page.getByTestId("suite-file").setInputFiles({ name, mimeType: "text/plain", buffer });
    await expect(page.getByTestId("suite-open")).toContainText(name);
    await page.getByTestId("evaluate-start").click();
    await expect(page.getByTestId("report")).toContainText("onnx", { timeout: 150_000 });
    const download = page.waitForEvent("download");
    await page.getByTestId("report-json").click();
    const report: SuiteReport = JSON.parse(readFileSync(await (await download).path(), "utf8"));
    const [ours, theirs] = report.arms.map(({ answers }) => answers.map(({ caseId, text }) => ({ caseId, text })));
    expect(ours).toHaveLength(10);
    expect(theirs).toEqual(ours);
    // On SwiftShader WebGPU would be far slower than the processor.
    expect(report.arms[1]?.provider).toMatch(/\(wasm, fp32\)$/);
    expect(report.arms[1]?.answers.map(({ status }) => status)).not.toContain("error");
  }
  expect(elsewhere).toEqual([]);
  expect(faults).toEqual([]);
});

/** As a person's hand does it: a real drag of a folder of this machine, which no picker has seen. */
async function drop(page: Page, path: string, onto: Locator): Promise<void> {
  const box = await onto.boundingBox();
  if (!box) throw new Error("nothing to drop on");
  const [x, y] = [box.x + box.width / 2, box.y + 20];
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await devtools.send("Input.dispatchDragEvent", { type, x, y, data });
}

test("a folder that is dropped and a model that the Hub names stand in one table, and say the same", async ({
  page,
}) => {
  test.setTimeout(180_000);
  const hub = await startHub();
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const files = new Map(
    paths.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length + 1).replaceAll("\\", "/"), readFileSync(path)];
    }),
  );
  hub.repos.set("tiny/ember-onnx", { files, license: "apache-2.0" });
  try {
    const faults = await openPage(page, "cpu", `hub=${encodeURIComponent(hub.url)}`);
    await page.getByLabel("Rooms").getByRole("link", { name: "Evaluate" }).click();
    await page.getByTestId("evaluate-tab").uncheck({ force: true });
    await page.getByTestId("evaluate-onnx").check({ force: true });
    await drop(page, folder, page.locator(".zone", { has: page.getByTestId("onnx-folder") }));
    await expect(page.getByTestId("onnx-models").getByRole("listitem")).toHaveCount(1);
    await page.getByTestId("onnx-reference").fill("tiny/ember-onnx");
    await page.getByTestId("onnx-add").click();
    await expect(page.getByTestId("onnx-models")).toContainText("from Hugging Face");
    await page.getByTestId("evaluate-maxTokens").fill("12");
    const buffer = Buffer.from(commands.slice(0, 3).join("\n"));
    await page.getByTestId("suite-file").setInputFiles({ name: "three.jsonl", mimeType: "text/plain", buffer });
    await page.getByTestId("evaluate-start").click();
    await expect(page.getByTestId("report")).toContainText("tiny/ember-onnx", { timeout: 120_000 });
    const download = page.waitForEvent("download");
    await page.getByTestId("report-json").click();
    const report: SuiteReport = JSON.parse(readFileSync(await (await download).path(), "utf8"));
    const [dropped, named] = report.arms.map(({ answers }) => answers.map(({ text }) => text));
    expect(dropped).toHaveLength(3);
    expect(named).toEqual(dropped);
    expect(report.arms.flatMap(({ answers }) => answers.map(({ status }) => status))).not.toContain("error");
    // A second visit has it already.
    const before = hub.sent;
    await page.getByTestId("evaluate-start").click();
    await expect(page.getByTestId("report")).toContainText("tiny/ember-onnx", { timeout: 120_000 });
    expect(hub.sent - before).toBeLessThan(100_000);
    expect(faults).toEqual([]);
  } finally {
    await hub.close();
  }
});
