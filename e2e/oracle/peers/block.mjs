/**
 * The block step in our engine and in jax-js, in turns, each in a fresh Chromium: node e2e/oracle/peers/block.mjs [webgpu]
 * [rounds]. Prints milliseconds and the ratio of each turn; void when a gradient's norm differs by more than 1e-3.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { build } from "vite";
import { findBrowser } from "../../../src/tooling/browser.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));
const engine = process.argv.includes("webgpu") ? "webgpu" : "cpu";
const rounds = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 5);

if (!existsSync(join(here, "node_modules"))) spawnSync("npm", ["install", "--no-audit", "--no-fund"], { cwd: here, stdio: "inherit" });
const outDir = mkdtempSync(join(tmpdir(), "burnish-peers-"));
await build({
  root, // the shaders are found from there
  publicDir: false,
  configFile: false,
  logLevel: "error",
  base: "./",
  resolve: { alias: { "@": join(root, "src") } },
  worker: { format: "es" },
  build: { outDir, emptyOutDir: true, target: "es2022", rolldownOptions: { input: [join(here, "burnish.html"), join(here, "jax.html")] } },
});
const port = 5400 + (process.pid % 500);
const server = spawn(process.execPath, [join(root, "src/tooling/server.mjs"), outDir, String(port)], { stdio: "ignore" });

async function turn(page) {
  const browser = await chromium.launch({
    executablePath: findBrowser(),
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
  });
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${port}/e2e/oracle/peers/${page}.html?engine=${engine}`);
    await tab.waitForFunction(() => window.result !== undefined, null, { timeout: 300_000 });
    const result = await tab.evaluate(() => window.result);
    if (result.error) throw new Error(`${page}: ${result.error}`);
    return result;
  } finally {
    await browser.close();
  }
}

try {
  await new Promise((resolve) => setTimeout(resolve, 500));
  const ratios = { best: [], median: [] };
  for (let round = 1; round <= rounds; round++) {
    const ours = await turn("burnish");
    const theirs = await turn("jax");
    const apart = Math.max(...Object.entries(theirs.norms).map(([name, value]) => Math.abs(ours.norms[name] - value) / value));
    const load = readFileSync("/proc/loadavg", "utf8").split(" ")[0];
    const show = ({ engine: name, best, median }) => `${name}: best ${best.toFixed(1)} ms, median ${median.toFixed(1)}`;
    for (const kind of ["best", "median"]) ratios[kind].push(theirs[kind] / ours[kind]);
    const verdict = apart <= 1e-3 ? `norms ${apart.toExponential(1)} apart` : `VOID: norms ${apart} apart`;
    console.log(`${round}: ${show(ours)} · ${show(theirs)} · ${ratios.best.at(-1).toFixed(2)}× best, ${ratios.median.at(-1).toFixed(2)}× median · ${verdict} · load ${load}`);
  }
  const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
  console.log(`jax-js / ours, median of ${rounds} turns: ${middle(ratios.best).toFixed(2)}× by best, ${middle(ratios.median).toFixed(2)}× by median`);
} finally {
  server.kill();
}
process.exit(0);
