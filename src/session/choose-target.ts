/**
 * Which engine runs: a hardware GPU if there is one; otherwise the CPU, because a software GPU does the same work many
 * times slower than WASM does. A person's wish comes first. Said in one line, with what it means.
 */
import { createCpuTarget } from "@/cpu/cpu-target";
import { AppError } from "@/errors";
import { autotuned, memoryStore, type TuningStore } from "@/gpu/autotune";
import { isSoftware, openDevice } from "@/gpu/device";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import type { Activations, Target } from "@/graph/target";

const REMEMBERED = memoryStore();

export type Preference = "auto" | "webgpu" | "cpu";

export interface ChosenTarget {
  readonly target: Target;
  readonly notice: string;
}

/**
 * `tuning` keeps what was measured of a GPU; without one it lasts as long as this program. Throws AppError "device/none"
 * when activations are to be f16 and there is no GPU with that type.
 */
export async function chooseTarget(
  preference: Preference,
  gpu: GPU | undefined,
  tuning: TuningStore = REMEMBERED,
  activations: Activations = "f32",
): Promise<ChosenTarget> {
  if (preference === "cpu") return onCpu("as asked", activations);
  try {
    const device = await openDevice(gpu);
    if (!device.software || preference === "webgpu") {
      if (activations === "f16" && !device.device.features.has("shader-f16")) throw noHalf(device.description);
      const target = createWebGpuTarget(device, { forms: await autotuned(device, tuning), activations });
      const meaning = device.software ? "a software GPU: right, but slow" : "WebGPU, full speed";
      return { target, notice: `Running on ${target.description} (${meaning}).` };
    }
    device.device.destroy();
    return onCpu("this machine's only GPU is a software one, which is slower", activations);
  } catch (error) {
    if (preference === "webgpu" || activations === "f16" || !(error instanceof AppError)) throw error;
    return onCpu("there is no WebGPU here; small models train well, large ones slowly", activations);
  }
}

/** Where other runtimes than our engine run, tried in this order. */
export async function runtimeDevices(
  preference: Preference,
  gpu: GPU | undefined,
): Promise<readonly ("webgpu" | "wasm")[]> {
  if (preference === "cpu") return ["wasm"];
  const adapter = await gpu?.requestAdapter().catch(() => null);
  return adapter && (preference === "webgpu" || !isSoftware(adapter.info)) ? ["webgpu", "wasm"] : ["wasm"];
}

const noHalf = (engine: string) =>
  new AppError("device/none", `${engine} keeps no activations as f16.`, {
    hint: "Leave --activations at f32, or use a GPU with WebGPU's shader-f16.",
  });

async function onCpu(why: string, activations: Activations): Promise<ChosenTarget> {
  if (activations === "f16") throw noHalf("The CPU engine");
  const target = await createCpuTarget();
  return { target, notice: `Running on ${target.description}: ${why}.` };
}
