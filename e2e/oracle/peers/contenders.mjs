/** Who takes part in what. A contender answers a task with { best, median, runs } in ms and what it computed. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { softwareVulkan } from "../../../src/tooling/software-vulkan.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../../..");

/** Mesa's driver, as `node src/tooling/lavapipe.mjs install` leaves it or as the system has it; BURNISH_LAVAPIPE names its JSON otherwise. */
function lavapipe() {
  const folder = "/usr/share/vulkan/icd.d";
  const system = existsSync(folder) ? readdirSync(folder).find((name) => /^lvp_icd/.test(name)) : undefined;
  const known = [process.env.BURNISH_LAVAPIPE, join(root, ".lavapipe/driver.json"), system && join(folder, system)];
  const driver = known.find((path) => path && existsSync(path));
  if (!driver) return undefined;
  const { library_path: library } = JSON.parse(readFileSync(driver, "utf8")).ICD;
  return { VK_DRIVER_FILES: driver, LP_NUM_THREADS: "4", ...(library.startsWith("/") ? { LD_LIBRARY_PATH: dirname(library) } : {}) };
}

const python = ["python3", join(root, ".venv/bin/python"), process.env.BURNISH_PYTHON].findLast((path) => path && (path === "python3" || existsSync(path)));

const LIMIT_MS = 120_000;

/** The last line of what a process prints, as JSON. Dies with this process. */
function json(command, args, env = {}) {
  return new Promise((resolve) => {
    const done = (failure, stdout, stderr) => {
      process.off("exit", end);
      const line = stdout.trim().split("\n").at(-1) ?? "";
      if (!failure && line.startsWith("{")) resolve(JSON.parse(line));
      else resolve({ error: failure?.killed ? `not done after ${LIMIT_MS / 1000} s` : stderr.trim().split("\n").at(-1) || "no answer" });
    };
    const child = execFile(command, args, { timeout: LIMIT_MS, killSignal: "SIGKILL", env: { ...process.env, ...env } }, done);
    const end = () => child.kill("SIGKILL");
    process.on("exit", end);
  });
}

const page = (name, engine) => ({ kind: "page", name, engine });
const node = (engine, env) => ({ kind: "run", run: (task) => json(process.execPath, [join(here, "burnish-node.mjs"), JSON.stringify({ ...task, engine })], env) });
const torch = { kind: "run", run: (task) => json(python, [join(here, "pytorch_block.py"), JSON.stringify(task)]) };

/** In the order of their turns. `class` says against which of ours a peer is held. */
export function contenders() {
  const driver = lavapipe();
  const swift = softwareVulkan();
  return [
    { key: "burnish webgpu", ours: true, class: "gpu", tasks: ["product", "block", "decode"], ...page("burnish", "webgpu") },
    { key: "jax-js webgpu", class: "gpu", tasks: ["product", "block"], ...page("jax", "webgpu") },
    { key: "tfjs webgpu", class: "gpu", tasks: ["product", "block"], ...page("tfjs", "webgpu") },
    { key: "ort-web webgpu", class: "gpu", tasks: ["product", "decode"], ...page("ort", "webgpu") },
    { key: "transformers.js webgpu", class: "gpu", tasks: ["decode"], ...page("transformers", "webgpu") },
    ...(swift ? [{ key: "burnish node swiftshader", ours: true, class: "node", tasks: ["product", "block"], ...node("webgpu", swift) }] : []),
    ...(driver ? [{ key: "burnish node lavapipe", ours: true, class: "node", tasks: ["product", "block"], ...node("webgpu", driver) }] : []),
    { key: "burnish cpu", ours: true, class: "cpu", tasks: ["product", "block", "decode"], ...page("burnish", "cpu") },
    { key: "jax-js wasm", class: "cpu", tasks: ["product", "block"], ...page("jax", "cpu") },
    { key: "ort-web wasm", class: "cpu", tasks: ["product", "decode"], ...page("ort", "cpu") },
    { key: "transformers.js wasm", class: "cpu", tasks: ["decode"], ...page("transformers", "cpu") },
    { key: "pytorch cpu", class: "cpu", tasks: ["product", "block"], ...torch },
  ];
}
