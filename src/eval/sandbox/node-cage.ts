/**
 * A cage in Node: a process without environment, files, children or workers, fed over its own pipe and killed from
 * outside. Node before 25 has no switch for the network; there the cage's text removes what could reach it.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import cageText from "@/eval/sandbox/cage.mjs?raw";
import processText from "@/eval/sandbox/cage-process.mjs?raw";
import type { Cage, CageHost, PyodideFiles } from "@/eval/sandbox/sandbox";

const PERMISSION = process.allowedNodeEnvironmentFlags.has("--permission")
  ? "--permission"
  : "--experimental-permission";
const FLAGS = [
  ...[PERMISSION, "--no-warnings", "--disallow-code-generation-from-strings", "--max-old-space-size=512"],
  // A start of seconds becomes one; programs are short.
  ...["--wasm-lazy-compilation", "--no-wasm-tier-up", "--input-type=module"],
];

export function nodeCages(): CageHost {
  let files: Promise<PyodideFiles> | undefined;
  return {
    start: async () => startProcess(),
    pyodide: () => {
      files ??= readPyodide();
      return files;
    },
  };
}

function startProcess(): Cage {
  const child = spawn(process.execPath, [...FLAGS, "-e", `${cageText}\n${processText}`], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: {},
    serialization: "advanced",
  });
  // A forgotten cage does not outlive the command.
  const end = () => {
    child.kill("SIGKILL");
  };
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  return {
    // To a process that has just died; its end is reported by `exit`.
    post: (message) => child.connected && child.send(message, () => {}),
    listen: (onMessage, onEnd) => {
      child.on("message", onMessage);
      child.on("error", (error) => onEnd(error.message));
      child.on("exit", (code, signal) => onEnd(signal ? `killed by ${signal}.` : `it left with code ${code}.`));
    },
    kill: end,
  };
}

async function readPyodide(): Promise<PyodideFiles> {
  const { resolve } = createRequire(import.meta.url);
  const text = (name: string) => readFile(resolve(`pyodide/${name}`), "utf8");
  const bytes = async (name: string) => new Uint8Array(await readFile(resolve(`pyodide/${name}`)));
  const [loader, module, lock] = await Promise.all(["pyodide.mjs", "pyodide.asm.mjs", "pyodide-lock.json"].map(text));
  const [wasm, stdlib] = await Promise.all(["pyodide.asm.wasm", "python_stdlib.zip"].map(bytes));
  if (!loader || !module || !lock || !wasm || !stdlib) throw new Error("npm's pyodide is not whole.");
  return { loader, module, lock, wasm, stdlib };
}
