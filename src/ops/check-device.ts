/** The GPU that op tests run on, opened once, and targets on it in whatever form. Used by tests only. */
import type { AttentionForm } from "@/gpu/attention-form";
import { type OpenedDevice, openDevice } from "@/gpu/device";
import type { Variant } from "@/gpu/products";
import type { ChooseForms } from "@/gpu/variants";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import type { Target } from "@/graph/target";

let device: Promise<OpenedDevice> | undefined;
export function gpuDevice(): Promise<OpenedDevice> {
  device ??= openGpu();
  return device;
}

async function openGpu(): Promise<OpenedDevice> {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // The object must outlive its devices, and nothing else keeps it.
  Object.assign(globalThis, { burnishGpu: gpu });
  return openDevice(gpu);
}

const inForm = (variant: Variant, attention: AttentionForm = "registers"): ChooseForms => ({
  product: () => variant,
  attention: () => attention,
});

/** Lavapipe, whose compiler takes seconds over each of a large tile's kernels and minutes over the waits of 64 lanes. */
export async function compilesSlowly(): Promise<boolean> {
  return /llvmpipe/i.test((await gpuDevice()).description);
}

/** The form that compiles fastest. */
export const SMALL_TILES: Variant = { form: "registers", rows: 4 };

/** The GPU as it would choose its forms itself; where compiling is slow, with small tiles: every form has its own test. */
export async function gpuByDefault(): Promise<Target> {
  return (await compilesSlowly()) ? gpuWith(SMALL_TILES) : createWebGpuTarget(await gpuDevice());
}

/** The GPU with training's attention in one form. */
export async function gpuAttending(form: AttentionForm): Promise<Target> {
  return createWebGpuTarget(await gpuDevice(), { forms: inForm(SMALL_TILES, form) });
}

/** The GPU with products in one form, whatever it would choose. */
export async function gpuWith(variant: Variant): Promise<Target> {
  return createWebGpuTarget(await gpuDevice(), { forms: inForm(variant) });
}

/** The GPU in the forms that hardware gets: workgroup memory and barriers, which a software adapter avoids. */
export async function gpuAsHardware(): Promise<Target> {
  return createWebGpuTarget({ ...(await gpuDevice()), software: false });
}

/** The GPU with activations kept as f16, where it has the type; SwiftShader has not, lavapipe has. */
export async function halfTarget(variant: Variant): Promise<Target | undefined> {
  const gpu = await gpuDevice();
  const has = gpu.device.features.has("shader-f16");
  return has ? createWebGpuTarget(gpu, { forms: inForm(variant), activations: "f16" }) : undefined;
}
