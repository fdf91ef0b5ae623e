/** Which engine runs, said in one line with what it means. */
import { AppError } from "@/errors";
import { openDevice } from "@/gpu/device";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import type { Target } from "@/graph/target";

export type Preference = "auto" | "webgpu" | "cpu";

export interface ChosenTarget {
  readonly target: Target;
  readonly notice: string;
}

export async function chooseTarget(preference: Preference, gpu: GPU | undefined): Promise<ChosenTarget> {
  if (preference === "cpu") {
    throw new AppError("device/none", "The CPU engine is not built yet.", { hint: "Use --device webgpu." });
  }
  const device = await openDevice(gpu);
  const target = createWebGpuTarget(device);
  const meaning = device.software ? "a software GPU: right, but slow" : "WebGPU, full speed";
  return { target, notice: `Running on ${target.description} (${meaning}).` };
}
