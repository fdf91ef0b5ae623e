/** A model on the device: its parts as read, and the runtime that holds its weights. */
import type { Target } from "@/graph/target";
import { createRuntime, type Runtime } from "@/model/runtime";
import { type ModelParts, modelInfo } from "@/session/read-model";
import type { ModelInfo } from "@/worker/api/model";

export interface OpenModel extends ModelParts {
  readonly runtime: Runtime;
  readonly info: ModelInfo;
}

export async function openModel(
  target: Target,
  parts: ModelParts,
  onProgress: (done: number, total: number) => void,
): Promise<OpenModel> {
  const runtime = await createRuntime(target, parts.arch, parts.formats, parts.located, onProgress);
  return { ...parts, runtime, info: modelInfo(parts) };
}
