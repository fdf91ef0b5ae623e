/** What a check gets: a folder of its own, and ways to run `burnish`, a judge in Python or Node, and a test file. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../install.mjs";
import { softwareVulkan } from "../software-vulkan.mjs";

const CLI = "src/cli/bin.mjs";

export function toolsFor(python, folder) {
  const path = (name) => join(folder, name);
  return {
    path,
    python,
    /** A preparing command; it must succeed. */
    run: async (command, args) => {
      const { err, code } = await capture(command, args, true);
      if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with code ${code}: ${err}`);
    },
    /** One test file, with these variables set. */
    vitest: async (testFile, env) => {
      const report = path("vitest.json");
      const program = join(ROOT, "node_modules", "vitest", "vitest.mjs");
      const project = testFile.endsWith(".gpu.test.ts") ? "gpu" : "unit";
      const args = [program, "run", "--project", project, testFile, "--reporter=default", "--reporter=json"];
      await capture(process.execPath, [...args, `--outputFile.json=${report}`], true, { ...process.env, ...env });
      const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
      return { passed: numPassedTests, failed: numFailedTests + (numPassedTests === 0 ? 1 : 0) };
    },
    file: (name, text) => {
      writeFileSync(path(name), text);
      return path(name);
    },
    burnish: async (...args) => {
      const { out, err, code } = await capture(process.execPath, [CLI, ...args, "--json"], false, {
        ...process.env,
        ...softwareVulkan(),
        // Kept runs of the judges go with their folder.
        BURNISH_RUNS: path("runs"),
      });
      if (code !== 0) throw new Error(`burnish ${args.join(" ")} ended with code ${code}:\n${err}${out}`);
      return out;
    },
    judge: (script, ...args) => counted(python, script, args),
    node: (script, ...args) => counted(process.execPath, script, args),
  };
}

/** Runs a command; stdout as text, and shown when it is for people. */
function capture(command, args, show, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", show ? "inherit" : "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
      if (show) process.stdout.write(chunk);
    });
    child.stderr?.on("data", (chunk) => {
      err += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ out, err, code }));
  });
}

/** A judge's last line. */
async function counted(program, script, args) {
  const { out, code } = await capture(program, [join("e2e", "oracle", script), ...args], true);
  const line = /^(\d+) passed, (\d+) failed$/.exec(out.trim().split("\n").at(-1) ?? "");
  if (!line) throw new Error(`${script} ended with code ${code} and no count.`);
  const counts = { passed: Number(line[1]), failed: Number(line[2]) };
  const silent = counts.failed === 0 && (code !== 0 || counts.passed === 0);
  return silent ? { ...counts, failed: 1 } : counts;
}
