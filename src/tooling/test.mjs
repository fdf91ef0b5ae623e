/**
 * npm test [-- STAGE …]: all tests, or only the named stages, after installing what they need, the browser included.
 * The closing line `N passed, N failed` sums the runners' own machine-readable reports. Types, lint and build count as
 * one check each; a stage that breaks outside of its tests, or runs none, counts as one failure.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBrowser } from "./browser.mjs";
import { buildAll } from "./build.mjs";
import { ensureInstalled, PlainError, ROOT, runCommand, runMain } from "./install.mjs";

const STAGES = {
  types: { run: () => check("typescript", ["--noEmit"]) },
  lint: { run: () => check("@biomejs/biome", ["check", "."]) },
  unit: { run: (folder) => vitest("unit", folder) },
  gpu: { browser: true, run: (folder) => vitest("gpu", folder) },
  build: { run: build },
  e2e: { browser: true, run: playwright },
};

/** The program of an installed package; by path, since Windows' shims need a shell. */
function programOf(name) {
  const folder = join(ROOT, "node_modules", name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : Object.values(bin)[0]);
}

const runPackage = (name, args, env = {}) =>
  runCommand(process.execPath, [programOf(name), ...args], { env: { ...process.env, ...env } });

async function check(name, args) {
  const code = await runPackage(name, args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

async function build() {
  try {
    await buildAll();
    return { passed: 1, failed: 0, skipped: 0 };
  } catch (error) {
    console.error(error.message);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function vitest(project, folder) {
  const file = join(folder, `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const code = await runPackage("vitest", ["run", "--project", project, ...reporters]);
  return settle(code, () => {
    const report = JSON.parse(readFileSync(file, "utf8"));
    // A file that cannot be loaded has no tests to fail.
    const broken = report.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length;
    const skipped = report.numPendingTests + (report.numTodoTests ?? 0);
    return { passed: report.numPassedTests, failed: report.numFailedTests + broken, skipped };
  });
}

async function playwright(folder) {
  const file = join(folder, "e2e.json");
  const args = ["test", "--config", "e2e/playwright.config.ts", "--reporter=list,json"];
  const code = await runPackage("playwright", args, { PLAYWRIGHT_JSON_OUTPUT_FILE: file });
  return settle(code, () => {
    const { stats, errors } = JSON.parse(readFileSync(file, "utf8"));
    const failed = stats.unexpected + stats.flaky + (stats.unexpected === 0 ? errors.length : 0);
    return { passed: stats.expected, failed, skipped: stats.skipped };
  });
}

function settle(code, read) {
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = read();
  } catch {
    console.error("The runner left no report.");
  }
  const silent = counts.failed === 0 && (code !== 0 || counts.passed === 0);
  if (silent) console.error(code === 0 ? "No test ran." : `All tests passed, yet the runner ended with code ${code}.`);
  return silent ? { ...counts, failed: 1 } : counts;
}

async function main() {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in STAGES));
  if (unknown.length > 0)
    throw new PlainError(`There is no stage ${unknown.join(", ")}. Stages: ${Object.keys(STAGES).join(", ")}.`);
  const chosen = Object.keys(STAGES).filter((name) => wanted.length === 0 || wanted.includes(name));
  await ensureInstalled();
  if (chosen.some((name) => STAGES[name].browser)) console.log(`Browser: ${await ensureBrowser()}`);
  // The page's tests drive the built page.
  if (chosen.includes("e2e") && !chosen.includes("build")) await buildAll();

  const folder = mkdtempSync(join(tmpdir(), "burnish-test-"));
  const results = [];
  try {
    for (const name of chosen) {
      console.log(`\n── ${name} ──`);
      const start = Date.now();
      const counts = await STAGES[name].run(folder);
      results.push({ name, ...counts, seconds: (Date.now() - start) / 1000 });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log("");
  for (const { name, passed, failed, skipped, seconds } of results) {
    const rest = `${failed ? `, ${failed} FAILED` : ""}${skipped ? `, ${skipped} skipped` : ""}`;
    console.log(`${name.padEnd(6)} ${seconds.toFixed(1).padStart(6)} s   ${passed} passed${rest}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
  process.exitCode = sum("failed") > 0 ? 1 : 0;
}

await runMain(main);
