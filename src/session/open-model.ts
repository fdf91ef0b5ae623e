/** A model on the device: its parts as read, and the runtime that holds its weights. */
import type { Target } from "@/graph/target";
import { createRuntime, type Runtime } from "@/model/runtime";
import { type ModelParts, modelInfo } from "@/session/read-model";
import { createTimeline, type Stretch, type Timeline } from "@/util/timeline";
import type { ModelInfo } from "@/worker/api/model";

export interface OpenModel extends ModelParts {
  readonly runtime: Runtime;
  readonly info: ModelInfo;
  /** Where the time went. */
  readonly opened: readonly Stretch[];
}

export async function openModel(
  target: Target,
  parts: ModelParts,
  onProgress: (done: number, total: number) => void,
  timeline: Timeline = createTimeline(),
): Promise<OpenModel> {
  const { arch, formats, located } = parts;
  const runtime = await timeline.during("weights read and uploaded", () =>
    createRuntime(target, arch, formats, located, onProgress),
  );
  return { ...parts, runtime, info: modelInfo(parts), opened: timeline.stretches() };
}
