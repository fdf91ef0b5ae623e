/**
 * Builds the page (dist/web) or the command line (dist/cli) with vite, and only when something that goes into it has
 * changed: a fingerprint of the names, sizes and times of all inputs lies beside the result.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PlainError, ROOT, runCommand, runMain } from "./install.mjs";

const SHARED = ["src", "shaders", "vite.config.ts", "tsconfig.json", "package-lock.json"];
const TARGETS = {
  web: {
    name: "the page",
    result: "dist/web/index.html",
    args: ["build"],
    inputs: [...SHARED, "public", "index.html"],
  },
  cli: { name: "the command line", result: "dist/cli/burnish.js", args: ["build", "--ssr"], inputs: SHARED },
};

/** @returns {string[]} "path size time" of every file below `path` that a build could read */
function listing(path) {
  const full = join(ROOT, path);
  if (!existsSync(full) || /\.(test|bench)\.tsx?$/.test(path)) return [];
  const info = statSync(full);
  if (!info.isDirectory()) return [`${path} ${info.size} ${info.mtimeMs}`];
  return readdirSync(full)
    .sort()
    .flatMap((name) => listing(`${path}/${name}`));
}

const fingerprint = (inputs) => createHash("sha256").update(inputs.flatMap(listing).join("\n")).digest("hex");

/**
 * @param {"web" | "cli"} target
 * @returns {Promise<string>} path of the built page or program
 */
export async function ensureBuilt(target, { force = false } = {}) {
  const { name, result, args, inputs } = TARGETS[target];
  const stamp = join(ROOT, "dist", `.${target}-inputs`);
  const before = fingerprint(inputs);
  const fresh = existsSync(join(ROOT, result)) && existsSync(stamp) && readFileSync(stamp, "utf8") === before;
  if (fresh && !force) return join(ROOT, result);
  console.error(`Building ${name} …`);
  const vite = join(ROOT, "node_modules", "vite", "bin", "vite.js");
  const code = await runCommand(process.execPath, [vite, ...args, "--logLevel", "warn"], {
    stdio: ["ignore", process.stderr, "inherit"],
  });
  if (code !== 0) throw new PlainError(`Building ${name} failed; the reason is above.`);
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  writeFileSync(stamp, before);
  return join(ROOT, result);
}

/** Builds the page and the command line, whatever was there before. */
export async function buildAll() {
  await ensureBuilt("web", { force: true });
  await ensureBuilt("cli", { force: true });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await runMain(buildAll);
