/**
 * What has to be on the machine before anything of ours runs: a Node that is new enough, and the packages of
 * package-lock.json. Node's built-ins only, because this runs before there is anything else.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** Vite and Playwright need these: older 20s lack crypto.hash. */
const MINIMUM_NODE = [20, 19];
const STAMP = join(ROOT, "node_modules", ".burnish-installed");

/** A fault that people can act on: printed without a stack. */
export class PlainError extends Error {}

/** Runs the main function of a script; faults in plain words on stderr, exit code 1. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof PlainError ? `\n${error.message}` : error);
    process.exit(1);
  }
}

/** A child that shares our terminal; resolves to its exit code (127 when it cannot be started). */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", ...options });
    child.on("error", () => resolve(127));
    child.on("close", (code, signal) => resolve(signal ? 130 : (code ?? 1)));
  });
}

/** npm as the script's own Node started it, so that Windows needs no shell and versions fit. */
export function npmCommand(args) {
  const script = process.env.npm_execpath;
  if (script?.endsWith("npm-cli.js")) return { command: process.execPath, args: [script, ...args], shell: false };
  return { command: "npm", args, shell: process.platform === "win32" };
}

export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantMajor = 0, wantMinor = 0] = MINIMUM_NODE;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  throw new PlainError(
    `Burnish needs Node ${wantMajor}.${wantMinor} or newer, and this is Node ${version}.\nInstall a current one from https://nodejs.org, then run the same command again.`,
  );
}

const lockHash = () =>
  createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");

/** Whether node_modules holds what the lock file asks for; an `npm ci` by hand counts. */
function isInstalled() {
  if (existsSync(STAMP)) return readFileSync(STAMP, "utf8") === lockHash();
  const record = join(ROOT, "node_modules", ".package-lock.json");
  return existsSync(record) && statSync(record).mtimeMs >= statSync(join(ROOT, "package-lock.json")).mtimeMs;
}

/** Checks Node, then installs the packages when they are missing or older than the lock file. */
export async function ensureInstalled() {
  checkNode();
  if (isInstalled()) return;
  console.error("Installing packages (first time: about a minute) …");
  const { command, args, shell } = npmCommand(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  // Their answer goes to stderr, so that `--json` output of the command line stays clean.
  const code = await runCommand(command, args, { shell, stdio: ["ignore", process.stderr, "inherit"] });
  if (code === 127)
    throw new PlainError("npm was not found. It comes with Node: install Node again from https://nodejs.org.");
  if (code !== 0)
    throw new PlainError(
      "npm could not install the packages; its own words are above.\nUsual causes: no network, a proxy that npm does not know, or a full disk. Then run the same command again.",
    );
  writeFileSync(STAMP, lockHash());
}
