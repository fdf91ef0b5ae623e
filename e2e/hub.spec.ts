/** A model from a Hub on this machine into the page: fetched, trained on, kept in OPFS, opened without the network. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "playwright/test";
import { folderFiles, startHub, type TestHub } from "../src/hub/loopback-hub";
import { files, fixture } from "./support";

const MODEL = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
const PARAMETERS = "78,144";
const TOKEN = "hf_onlyInMemory";

let hub: TestHub;
test.beforeEach(async ({ page }) => {
  hub = await startHub();
  hub.repos.set("tiny/llama", { files: folderFiles(fixture("llama-gqa"), MODEL) });
  await page.goto(`/?engine=cpu&hub=${encodeURIComponent(hub.url)}`);
  await expect(page.getByTestId("device-notice")).toContainText(/Running on/, { timeout: 30_000 });
});
test.afterEach(() => hub.close());

const bytesOf = (names: readonly string[]) =>
  names.reduce((sum, name) => sum + readFileSync(fixture(`llama-gqa/${name}`)).length, 0);

async function fetchModel(page: Page): Promise<void> {
  await page.getByTestId("hub-reference").fill("tiny/llama");
  await page.getByTestId("hub-open").click();
}

/** Name and size of what lies in OPFS. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("models");
    const found: [string, number][] = [];
    for await (const [name, handle] of folder.entries()) {
      found.push([name, (await (handle as FileSystemFileHandle).getFile()).size]);
    }
    return found;
  });

test("fetched over a line that breaks, trained on, and opened again with the Hub gone", async ({ page }) => {
  hub.faults.cuts = [100_000, 100_000];
  await fetchModel(page);
  await expect(page.getByText(PARAMETERS)).toBeVisible();
  // The browser may drop what arrived right before a cut; it must not ask for what it kept.
  const asked = hub.log.filter((line) => line.includes("model.safetensors"));
  expect(asked.length).toBe(3);
  expect(hub.sent).toBeLessThanOrEqual(bytesOf(MODEL) + 200_000);
  await expect(page.getByTestId("cached-model")).toContainText("tiny/llama");

  const rows = Array.from({ length: 30 }, (_, i) => ({ prompt: `a${i}`, completion: ` b${i % 5}` }));
  await page
    .getByTestId("data-file")
    .setInputFiles({ name: "r.jsonl", mimeType: "application/jsonl", buffer: files(rows) });
  await page.getByLabel(/^Steps/).fill("2");
  await page.getByTestId("start-training").click();
  await expect(page.getByTestId("compare")).toBeEnabled({ timeout: 60_000 });

  await hub.close();
  await page.reload();
  await page.getByRole("button", { name: "Open tiny/llama" }).click();
  await expect(page.getByText(PARAMETERS)).toBeVisible();
  await expect(page.getByTestId("error-panel")).toHaveCount(0);

  await page.getByRole("button", { name: "Delete tiny/llama" }).click();
  await expect(page.getByTestId("cached-models")).toHaveCount(0);
  expect(await kept(page)).toEqual([]);
});

test("a download that is stopped goes on after a reload at the byte where it stood", async ({ page }) => {
  Object.assign(hub.faults, { cuts: [200_000], cutDelay: 500 });
  await fetchModel(page);
  // The Hub stays away after the cut, so that the page waits and a hand can stop it.
  await expect.poll(() => hub.faults.cuts.length).toBe(0);
  hub.faults.statuses = Array.from({ length: 100 }, () => 503);
  await page.waitForTimeout(600);
  await page.getByTestId("stop-download").click();
  await expect(page.getByTestId("error-panel")).toHaveAttribute("data-code", "run/stopped");
  hub.faults.statuses = [];
  const [stood = 0] = (await kept(page)).filter(([name]) => name.endsWith(".part")).map(([, size]) => size);
  expect(stood).toBeGreaterThan(0);
  expect(stood).toBeLessThanOrEqual(200_000);
  hub.log.length = 0;
  await page.reload();
  await page.getByRole("button", { name: "Go on with tiny/llama" }).click();
  await expect(page.getByText(PARAMETERS)).toBeVisible();
  expect(hub.log.filter((line) => line.includes("/resolve/")).map((line) => line.replace(/^.* /, ""))).toEqual([
    `bytes=${stood}-`,
  ]);
});

test("a new commit replaces the old, and what both share is not fetched again", async ({ page }) => {
  await fetchModel(page);
  await expect(page.getByText(PARAMETERS)).toBeVisible();
  const { sent } = hub;
  const config = Buffer.from(`${readFileSync(fixture("llama-gqa/generation_config.json"), "utf8")}\n`);
  const repo = hub.repos.get("tiny/llama");
  if (repo) repo.files = new Map([...repo.files, ["generation_config.json", config]]);
  await page.reload();
  await page.getByRole("button", { name: "Open tiny/llama" }).click();
  await expect(page.getByText(PARAMETERS)).toBeVisible();
  expect(hub.sent - sent).toBe(config.length);
  expect((await kept(page)).length).toBe(MODEL.length + 1);
});

test("a private model asks for a token, which stays in memory", async ({ page }) => {
  const repo = hub.repos.get("tiny/llama");
  if (repo) repo.token = TOKEN;
  await fetchModel(page);
  await expect(page.getByTestId("error-panel")).toHaveAttribute("data-code", "hub/denied");
  await page.getByTestId("hub-token").fill(TOKEN);
  await page.getByTestId("hub-open").click();
  await expect(page.getByText(PARAMETERS)).toBeVisible();
  const traces = await page.evaluate(() => location.href + JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(traces + (await kept(page)).flat().join()).not.toContain(TOKEN);
  await page.reload();
  await expect(page.getByTestId("hub-token")).toHaveValue("");
});

test("a full disk is told with what could go, and the rest comes when there is room", async ({ page, baseURL }) => {
  hub.repos.set("tiny/other", { files: folderFiles(fixture("llama-untied"), MODEL) });
  await page.getByTestId("hub-reference").fill("tiny/other");
  await page.getByTestId("hub-open").click();
  await expect(page.getByTestId("cached-model")).toContainText("tiny/other");
  const used = (await kept(page)).reduce((sum, [, size]) => sum + size, 0);
  const browser = await page.context().newCDPSession(page);
  const origin = new URL(baseURL ?? "").origin;
  await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: used + 150_000 });
  await fetchModel(page);
  const panel = page.getByTestId("error-panel");
  await expect(panel).toHaveAttribute("data-code", "storage/full");
  await expect(panel).toContainText("tiny/other");
  await browser.send("Storage.overrideQuotaForOrigin", { origin });
  const { sent } = hub;
  await page.getByRole("button", { name: "Go on with tiny/llama" }).click();
  await expect(page.getByText(PARAMETERS)).toBeVisible();
  expect(hub.sent - sent).toBeLessThan(bytesOf(MODEL));
});

test("a flipped bit is told, and nothing of it is ever opened", async ({ page }) => {
  hub.faults.corrupt = (name, body) => {
    const copy = Buffer.from(body);
    if (name === "model.safetensors") copy[200_000] = (copy[200_000] ?? 0) ^ 1;
    return copy;
  };
  await fetchModel(page);
  await expect(page.getByTestId("error-panel")).toHaveAttribute("data-code", "hub/corrupt");
  const weights = readFileSync(fixture("llama-gqa/model.safetensors")).length;
  expect((await kept(page)).filter(([, size]) => size >= weights / 2)).toEqual([]);
});
