/** The browser as a platform: WebGPU or the CPU in this worker, bundled files over HTTP from the page's own place, OPFS. */
import { AppError } from "@/errors";
import type { FrameHost } from "@/eval/sandbox/frame";
import { frameCages } from "@/eval/sandbox/frame-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";
import { type ChosenTarget, chooseTarget, type Preference, runtimeDevices } from "@/session/choose-target";
import type { OnnxRuntime, Platform, RunHome } from "@/session/platform";
import { tuningStore } from "@/session/tuning";
import type { FileStore } from "@/storage/files";
import { idbRecords } from "@/storage/idb-records";
import { webLocks } from "@/storage/locks";
import { memoryFiles } from "@/storage/memory-files";
import { opfsFiles } from "@/storage/opfs-files";
import { memoryRecords, type RecordStore } from "@/storage/records";

const TUNING = tuningStore(() => idbRecords("burnish-tuning").catch(() => memoryRecords()));

/** `base` is the page's address; the worker's own lies elsewhere once built. `frames` are the page's, too. */
export function browserPlatform(base: string, preference: Preference, endpoint: string, frames: FrameHost): Platform {
  let opened: Promise<ChosenTarget> | undefined;
  let store: Promise<FileStore> | undefined;
  let runs: Promise<RunHome> | undefined;
  const cages = frameCages(frames);
  let jobs: Promise<RecordStore> | undefined;
  return {
    openTarget: () => {
      opened ??= chooseTarget(preference, navigator.gpu, TUNING);
      opened.catch(() => {
        opened = undefined;
      });
      return opened;
    },
    bundled: (path) => fetchBundled(new URL(path, base)),
    files: () => {
      // Some private windows have no storage; a model may still be used until the tab closes.
      store ??= opfsFiles("models").catch(() => memoryFiles());
      return store;
    },
    exports: {
      folder: (name) => opfsFiles(name === "" ? "exports" : `exports%2F${encodeURIComponent(name)}`),
      room: async () => {
        const { quota, usage } = await navigator.storage.estimate();
        return quota === undefined ? null : quota - (usage ?? 0);
      },
    },
    runs: () => {
      runs ??= openRuns();
      return runs;
    },
    sandbox: () => createSandbox(cages),
    jobs: () => {
      jobs ??= idbRecords("burnish-jobs").catch(() => memoryRecords());
      return jobs;
    },
    onnxruntime,
    transformers: () => transformers(preference),
    answers: () => opfsFiles("answers").catch(() => memoryFiles()),
    hub: { endpoint },
  };
}

async function openRuns(): Promise<RunHome> {
  return {
    records: await idbRecords("burnish-runs").catch(() => memoryRecords()),
    files: await opfsFiles("runs").catch(() => memoryFiles()),
    locks: webLocks(navigator.locks),
  };
}

/** Its WASM comes from this page's own build; by default it would be looked for on a CDN. */
async function onnxruntime(): Promise<OnnxRuntime> {
  const [ort, { default: wasm }] = await Promise.all([
    import("onnxruntime-web/wasm"),
    import("onnxruntime-web/ort-wasm-simd-threaded.wasm?url"),
  ]);
  ort.env.wasm.wasmPaths = { wasm };
  return ort;
}

/** The build of onnxruntime that knows WebGPU, from this page's own files as well. */
async function transformers(preference: Preference) {
  const [library, { default: mjs }, { default: wasm }] = await Promise.all([
    import("@huggingface/transformers"),
    import("onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url"),
    import("onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url"),
  ]);
  const { wasm: settings } = library.env.backends.onnx;
  Object.assign(settings ?? {}, { wasmPaths: { mjs, wasm } });
  return { library, devices: await runtimeDevices(preference, navigator.gpu) };
}

async function fetchBundled(address: URL): Promise<Blob> {
  const response = await fetch(address).catch((cause: unknown) => {
    throw new AppError("network/failed", `${address.pathname} could not be fetched.`, {
      hint: "Check the connection, then try again.",
      cause,
    });
  });
  // A server that answers every unknown path with the page would otherwise pass HTML off as a model.
  const page = response.headers.get("content-type")?.startsWith("text/html");
  if (!response.ok || page) {
    throw new AppError("model/missing-file", `${address.pathname} is not among the files of this page.`, {
      hint: "The page was published incompletely; build it again.",
    });
  }
  return response.blob();
}
