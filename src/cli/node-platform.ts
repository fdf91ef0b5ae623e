/** Node as a platform: Dawn (npm `webgpu`) on the machine's GPU, or the CPU; bundled files from disk. */
import { spawnSync } from "node:child_process";
import { existsSync, openAsBlob } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { AppError } from "@/errors";
import { nodeCages } from "@/eval/sandbox/node-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";
import type { Activations } from "@/graph/target";
import { parseEndpoint } from "@/hub/client";
import { HUB } from "@/hub/reference";
import { type ChosenTarget, chooseTarget, type Preference } from "@/session/choose-target";
import type { Platform } from "@/session/platform";
import { tuningStore } from "@/session/tuning";
import { diskExports, diskFiles } from "@/storage/disk-files";
import { diskLocks } from "@/storage/disk-locks";
import { diskRecords } from "@/storage/disk-records";
import { softwareVulkan } from "@/tooling/software-vulkan.mjs";

const RESTARTED = "BURNISH_SOFTWARE_GPU";

export function nodePlatform(preference: Preference, activations: Activations = "f32"): Platform {
  let opened: Promise<ChosenTarget> | undefined;
  const { HF_ENDPOINT, HF_TOKEN, BURNISH_CACHE, BURNISH_RUNS, XDG_CACHE_HOME, XDG_DATA_HOME } = process.env;
  const cache = BURNISH_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "burnish");
  const runs = BURNISH_RUNS || join(XDG_DATA_HOME || join(homedir(), ".local", "share"), "burnish", "runs");
  return {
    runs: async () => ({ records: diskRecords(runs), files: diskFiles(runs), locks: diskLocks(runs) }),
    jobs: async () => diskRecords(join(runs, "..", "jobs")),
    files: async () => diskFiles(cache),
    exports: diskExports(join(cache, "exports")),
    hub: { endpoint: HF_ENDPOINT ? parseEndpoint(HF_ENDPOINT) : HUB, token: HF_TOKEN },
    sandbox: () => createSandbox(nodeCages()),
    onnxruntime: () => import("onnxruntime-web/wasm"),
    transformers: async () => {
      const [library, ort] = [await import("@huggingface/transformers"), await import("onnxruntime-web/wasm")];
      // It points at a CDN; and threads would need workers that it cannot start in Node.
      Object.assign(ort.env.wasm, { numThreads: 1, wasmPaths: undefined });
      return { library, devices: ["cpu"] };
    },
    answers: async () => diskFiles(join(cache, "answers")),
    openTarget: () => {
      opened ??= open(
        preference,
        tuningStore(async () => diskRecords(join(cache, "tuning"))),
        activations,
      );
      return opened;
    },
    bundled: async (path) => {
      const folder = process.env.BURNISH_PUBLIC ?? "public";
      try {
        return await openAsBlob(join(folder, path));
      } catch (cause) {
        throw new AppError("model/missing-file", `The bundled file ${path} is missing.`, {
          hint: "Run the command inside a whole checkout of Burnish.",
          cause,
        });
      }
    },
  };
}

async function open(
  preference: Preference,
  tuning: ReturnType<typeof tuningStore>,
  activations: Activations,
): Promise<ChosenTarget> {
  const choose = (wanted: Preference, gpu?: GPU) => chooseTarget(wanted, gpu, tuning, activations);
  if (preference === "cpu") return choose("cpu");
  if (!vulkanLoader()) {
    if (preference === "webgpu") restartOnSoftwareGpu();
    return choose("auto");
  }
  const gpu = await dawn();
  const adapter = await gpu?.requestAdapter();
  if (!adapter && preference === "webgpu") restartOnSoftwareGpu();
  return choose(preference, adapter ? gpu : undefined);
}

/** Where Linux keeps libvulkan; without it Dawn finds nothing and complains on stderr. Other systems bring a GPU API. */
function vulkanLoader(): boolean {
  if (process.platform !== "linux") return true;
  const given = (process.env.LD_LIBRARY_PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const known = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/lib",
    "/usr/local/lib",
  ];
  return [...given, ...known].some((folder) => existsSync(join(folder, "libvulkan.so.1")));
}

/** The native part is missing on platforms that npm's webgpu does not build for. */
async function dawn(): Promise<GPU | undefined> {
  try {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    const gpu = create([]);
    // The object must outlive its devices, and nothing else keeps it.
    Object.assign(globalThis, { burnishGpu: gpu });
    return gpu;
  } catch {
    return undefined;
  }
}

/** A Vulkan driver is found at the start of a process only, so the same command starts again beside Chromium's. */
function restartOnSoftwareGpu(): void {
  const driver = softwareVulkan();
  if (process.env[RESTARTED] || !driver) {
    throw new AppError("device/none", "There is no GPU here, and no Chromium whose software GPU could stand in.", {
      hint: "Install Chromium or Chrome (on Debian: apt-get install chromium), or use --device cpu.",
    });
  }
  process.stderr.write("No hardware GPU; using the software GPU of the installed Chromium (right, but slow).\n");
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, ...driver, [RESTARTED]: "1" },
  });
  process.exit(status ?? 1);
}
