// In Node, too, the runtime is onnxruntime's WASM: slower than native code, and there is nothing to download.
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-web/wasm";

export * from "onnxruntime-web/wasm";

/** The native package opens paths, the other one bytes. */
export const InferenceSession = {
  create: async (model, options) =>
    ort.InferenceSession.create(typeof model === "string" ? await readFile(model) : model, options),
};
