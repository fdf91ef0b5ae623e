/**
 * Ours beside the other trainers and runtimes, one process after another on one machine, in turns:
 *
 *     node e2e/oracle/peers/compare.mjs [--turns N] [--seconds S] [--only WORD,…] [--tasks product,block,decode] [--ranks 16,8] [--json FILE]
 *
 * product   128 × 576 × 1536 in f32
 * block     LoRA block of SmolLM2-135M's geometry, 128 tokens: forward, 15 gradients, AdamW
 * decode    48 tokens, greedily, of the bundled model
 *
 * A row whose losses or gradient norms are more than 1e-3 from the first contender's (or whose words differ) is void.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { build } from "vite";
import { findBrowser } from "../../../src/tooling/browser.mjs";
import { tableRows } from "./agreement.mjs";
import { contenders } from "./contenders.mjs";
import { emberCache, emberOnnx } from "./ember-onnx.mjs";

const text = (value) => ({ type: "string", default: value });
const { values: given } = parseArgs({
  options: { turns: text("3"), seconds: text("3"), only: text(""), tasks: text("product,block,decode"), ranks: text("16,8"), json: text("") },
});
const asked = new Set(given.tasks.split(","));
const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));
const ARGS = ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

if (!existsSync(join(here, "node_modules/onnxruntime-web"))) {
  spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: here, stdio: "inherit" });
}

async function buildPages() {
  const outDir = mkdtempSync(join(tmpdir(), "burnish-peers-"));
  await build({
    root, // the shaders are found from there
    publicDir: false,
    configFile: false,
    logLevel: "error",
    base: "/",
    resolve: { alias: { "@": join(root, "src") } },
    worker: { format: "es" },
    build: {
      ...{ outDir, emptyOutDir: true, target: "es2022", chunkSizeWarningLimit: 1e6 },
      rolldownOptions: { input: ["burnish", "jax", "tfjs", "ort", "transformers"].map((name) => join(here, `${name}.html`)) },
    },
  });
  const model = join(root, "public/models/ember");
  writeFileSync(join(outDir, "ember.onnx"), emberOnnx(model));
  writeFileSync(join(outDir, "ember.json"), JSON.stringify(emberCache(model)));
  cpSync(model, join(outDir, "public/models/ember"), { recursive: true });
  // What our own export gives transformers.js.
  const exported = ["--model", "bundled:ember", "--format", "onnx", "--quant", "f32", "--out", join(outDir, "ember-onnx"), "--device", "cpu"];
  if (asked.has("decode")) spawnSync(process.execPath, [join(root, "src/cli/bin.mjs"), "export", ...exported], { stdio: ["ignore", "ignore", "inherit"] });
  return outDir;
}

async function askPage(port, { name, engine }, task) {
  const browser = await chromium.launch({ executablePath: findBrowser(), args: ARGS });
  try {
    const tab = await browser.newPage();
    const query = new URLSearchParams({ ...task, engine });
    await tab.goto(`http://127.0.0.1:${port}/e2e/oracle/peers/${name}.html?${query}`);
    await tab.waitForFunction(() => window.result !== undefined, null, { timeout: 240_000 });
    return await tab.evaluate(() => window.result);
  } catch (error) {
    return { error: String(error).split("\n")[0] };
  } finally {
    await browser.close();
  }
}

const only = given.only.split(",").filter(Boolean);
const taking = contenders().filter(({ key }) => only.length === 0 || only.some((word) => key.includes(word)));
const questions = [...asked].flatMap((task) =>
  task === "block" ? given.ranks.split(",").map((rank) => ({ task, rank: Number(rank) })) : [{ task, rank: 0 }],
);
const outDir = await buildPages();
const port = 5400 + (process.pid % 500);
const server = spawn(process.execPath, [join(root, "src/tooling/server.mjs"), outDir, String(port)], { stdio: "ignore" });
await new Promise((resolve) => setTimeout(resolve, 700));
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    server.kill();
    process.exit(1);
  });
}
const all = [];
try {
  for (const question of questions) {
    const entries = taking.filter(({ tasks }) => tasks.includes(question.task)).map((entry) => ({ ...entry, results: [] }));
    for (let turn = 0; turn < Number(given.turns); turn++) {
      for (const entry of entries) {
        const task = { ...question, seconds: Number(given.seconds) };
        entry.results.push(entry.kind === "page" ? await askPage(port, entry, task) : await entry.run(task));
        const { best, error } = entry.results.at(-1);
        process.stderr.write(`${question.task} ${question.rank || ""} turn ${turn + 1} ${entry.key}: ${error ?? `${best.toFixed(1)} ms`}\n`);
      }
    }
    const rows = tableRows(entries);
    all.push({ ...question, rows });
    print(question, rows);
  }
} finally {
  server.kill();
  rmSync(outDir, { recursive: true });
}
if (given.json) writeFileSync(given.json, `${JSON.stringify(all, null, 2)}\n`);
process.exit(0);

function print({ task, rank }, rows) {
  const load = readFileSync("/proc/loadavg", "utf8").split(" ")[0];
  console.log(`\n${task}${rank ? `, rank ${rank}` : ""} · ${given.turns} turns · load ${load}`);
  console.log("| | best ms | median ms | of ours, best | median | apart |\n|---|---|---|---|---|---|");
  for (const { key, note, best, median, ratio, apart, void: bad } of rows) {
    if (note) console.log(`| ${key} | ${note} | | | | |`);
    else {
      const times = ratio && !bad ? [ratio.best, ratio.median].map((value) => `${value.toFixed(2)}×`) : ["", ""];
      console.log(`| ${[key, best.toFixed(1), median.toFixed(1), ...times, bad ? `VOID ${apart}` : apart.toExponential(1)].join(" | ")} |`);
    }
  }
}
