/**
 * The sandbox in Chromium, in a build of its own with the page's policy, on a host with isolation headers and on one
 * without: honest programs and every attack. With BURNISH_HUMANEVAL, which the judges set, all of HumanEval.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { expect, type Page, test } from "playwright/test";
import { build } from "vite";
import { attacks, endedRight, HONEST } from "../src/eval/sandbox/attacks";
import { humanEvalProgram, javascriptAssertion, type Program, pythonAssertion } from "../src/eval/sandbox/program";
import type { Sandbox, Verdict } from "../src/eval/sandbox/sandbox";
import { serve } from "../src/tooling/server.mjs";
import { openPage } from "./support";

declare global {
  interface Window {
    openSandbox(programMs: number): Sandbox;
    sandbox: Sandbox;
  }
}

const root = fileURLToPath(new URL("..", import.meta.url));
const humanEval = process.env.BURNISH_HUMANEVAL;
const folder = mkdtempSync(join(tmpdir(), "burnish-sandbox-"));
let asked = 0;
const outside = createServer((_, response) => {
  asked++;
  const open = { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" };
  response.writeHead(200, open).end();
});
let outsideUrl = "";

test.beforeAll(async () => {
  await new Promise<void>((done) => outside.listen(0, "127.0.0.1", done));
  const bound = outside.address();
  outsideUrl = `http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : 0}/`;
  await build({
    configFile: false,
    root: join(root, "e2e", "sandbox"),
    publicDir: join(root, "public"),
    base: "./",
    logLevel: "error",
    resolve: { alias: { "@": join(root, "src") } },
    build: { outDir: folder, emptyOutDir: true, target: "es2022" },
  });
});
test.afterAll(() => {
  outside.close();
  rmSync(folder, { recursive: true, force: true });
});

async function inBrowser(page: Page, isolated: boolean, programMs: number, work: (run: Run) => Promise<void>) {
  const server = await serve(folder, 0, { isolated });
  try {
    await page.goto(server.url);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
    await page.evaluate((ms) => {
      window.sandbox = window.openSandbox(ms);
    }, programMs);
    await work((program) => page.evaluate((given) => window.sandbox.run(given), program));
    await page.evaluate(() => window.sandbox.close());
    await expect(page.locator("iframe")).toHaveCount(0);
  } finally {
    await server.close();
  }
}
type Run = (program: Program) => Promise<Verdict>;

async function honest(run: Run): Promise<void> {
  expect(await run(HONEST)).toMatchObject({ kind: "pass" });
  const half = await run(pythonAssertion("len(output) == 3 and 0.5", "abc", {}));
  expect(half, half.reason).toMatchObject({ kind: "pass", score: 0.5 });
  const script = await run(javascriptAssertion("output === context.a", "x", { a: "x" }));
  expect(script, script.reason).toMatchObject({ kind: "pass" });
  // What one program leaves behind is not there for the next.
  await run(javascriptAssertion("Array.prototype.includes = () => true; return true", "", {}));
  expect(await run(javascriptAssertion("output.split('').includes('y')", "x", {}))).toMatchObject({ kind: "fail" });
}

/** Each is tried; the honest one still passes afterwards. */
async function attacked(run: Run, which: (name: string) => boolean): Promise<void> {
  for (const attack of attacks(outsideUrl).filter(({ name }) => which(name))) {
    const { kind, reason } = await run(attack.program);
    // Where the frame's process dies, Chromium does not always say so before the limit.
    expect(endedRight(attack, kind), `${attack.name}: ${kind}, ${reason}`).toBe(true);
  }
  expect(await run(HONEST)).toMatchObject({ kind: "pass" });
  expect(asked).toBe(0);
}

// Each costs a new interpreter; the judges try them all.
const SLOW = /^(system exit|exit |os\._exit|patched|subprocess|loop|memory|recursion|integer|__del__|output|js by its)/;

// What a host's headers could change.
const OUTWARD = /fetch|request|socket|urllib|script from|port|worker|forged|storage|code from/;

for (const isolated of [true, false]) {
  const where = isolated ? "with isolation headers" : "on a plain host";
  test(`programs are judged, attacks are not called right, nothing leaves the frame, ${where}`, async ({ page }) => {
    const all = humanEval !== undefined && isolated;
    // A busy machine needs ten minutes for all of them.
    test.setTimeout(all ? 900_000 : 400_000);
    await inBrowser(page, isolated, 4_000, async (run) => {
      await honest(run);
      await attacked(run, (name) => all || (!SLOW.test(name) && (isolated || OUTWARD.test(name))));
    });
  });
}

const PYTHON = `
def reward(completions, prompts, answer, **kwargs):
    return [min(1.0, len(text) / 8) for text in completions]
`;

/** The page with a recipe by a link, its data opened. */
async function openRewarded(page: Page, rewards: readonly object[]): Promise<string[]> {
  const fields = { method: "grpo", "data.train": "bundled:replies", "schedule.steps": "2", "batch.size": "1" };
  const grpo = { "grpo.rewards": JSON.stringify(rewards), "grpo.numGenerations": "2", "grpo.maxCompletionLength": "8" };
  const link = new URLSearchParams({ ...fields, ...grpo, "evaluate.cases": "4" });
  const faults = await openPage(page, "cpu", `from=link#recipe:${link}`);
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-replies").click();
  await page.getByTestId("start-training").click();
  return faults;
}

test("the page trains by rewards that are code, compares by them, and leaves no frame behind", async ({ page }) => {
  const javascript = "completion.length <= 8 ? 1 : 8 / completion.length";
  test.setTimeout(300_000);
  const faults = await openRewarded(page, [
    { name: "javascript", code: javascript, weight: 0.5 },
    { name: "python", code: PYTHON },
  ]);
  await expect(page.getByTestId("phase")).toContainText("Finished", { timeout: 150_000 });
  await expect(page.locator("iframe")).toHaveCount(0);
  await page.getByTestId("compare").click();
  await expect(page.getByTestId("verdict")).toBeVisible({ timeout: 120_000 });
  await expect(page.locator("iframe")).toHaveCount(0);
  expect(faults).toEqual([]);
});

test("a reward that hangs halts the run with its cause", async ({ page }) => {
  await openRewarded(page, [{ name: "javascript", code: "for (;;) {} return 1" }]);
  await expect(page.getByText(/The reward "javascript" failed on all .* did not end within 5 s/)).toBeVisible({
    timeout: 60_000,
  });
  await expect(page.getByTestId("start-training")).toBeEnabled();
});

test("HumanEval's 164 reference solutions pass, and bodies that return None never do", async ({ page }) => {
  test.skip(humanEval === undefined, "The judges have HumanEval.");
  test.setTimeout(400_000);
  const lines = gunzipSync(readFileSync(humanEval ?? ""))
    .toString()
    .trim()
    .split("\n");
  const tasks = lines.map((line) => JSON.parse(line));
  expect(tasks).toHaveLength(164);
  await inBrowser(page, true, 10_000, async (run) => {
    const failed: string[] = [];
    for (const task of tasks) {
      const verdict = await run(humanEvalProgram(task, task.canonical_solution));
      if (verdict.kind !== "pass") failed.push(`${task.task_id}: ${verdict.reason}`);
    }
    expect(failed).toEqual([]);
    const passed: string[] = [];
    // All of them are tried in Node.
    for (const task of tasks.filter((_, i) => i % 4 === 0)) {
      const verdict = await run(humanEvalProgram(task, "    return None\n"));
      if (verdict.kind === "pass") passed.push(task.task_id);
    }
    expect(passed).toEqual([]);
  });
});
