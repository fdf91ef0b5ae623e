/**
 * One call of each class of shapes, run on the device in a given form: its time and its values, for gpu/autotune.ts.
 */
import type { OpenedDevice } from "@/gpu/device";
import type { Variant } from "@/gpu/products";
import { buffersFor, programOf, proxyCall } from "@/gpu/trial-calls";
import { attentionOf, type ProductClass } from "@/gpu/variants";
import { createWebGpuTarget } from "@/gpu/webgpu-target";

export interface Trial {
  /** Of CALLS calls in one submit, by the wall clock. */
  readonly ms: number;
  /** Of one call by the GPU's own clock, where there is one that is fine enough for it. */
  readonly gpuMs?: number;
  readonly values: Float32Array;
}
export type Measure = (className: ProductClass, variant: Variant) => Promise<Trial>;

/** What every device gets right, and what others are compared with. */
export const PLAINEST: Variant = { form: "registers", rows: 8 };

/** Calls in one submit, so that its own cost counts little. */
const CALLS = 8;
/** Trials on the device itself, and what frees their buffers. */
export function measuring(opened: OpenedDevice): [Measure, () => void] {
  let current = PLAINEST;
  const attention = () => attentionOf(current);
  const target = createWebGpuTarget(opened, { forms: { product: () => current, attention } });
  const freeing: (() => void)[] = [];
  const measure: Measure = async (className, variant) => {
    current = variant;
    const item = proxyCall(className);
    const buffers = buffersFor(target, item, className);
    freeing.push(() => buffers.forEach(target.free));
    const executable = await target.compile(programOf("tune", item, CALLS), buffers);
    // The first run is also the warm-up; the shortest of the next two is the time.
    let ms = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      await executable.run();
      await target.idle();
      if (i > 0) ms = Math.min(ms, performance.now() - start);
    }
    const gpuMs = opened.device.features.has("timestamp-query") ? leastOf(await executable.profile()) : undefined;
    const result = buffers.get(Object.values(item.writes)[0]?.storage.name ?? "");
    const values = result ? new Float32Array(await target.read(result)) : new Float32Array();
    return { ms, gpuMs, values };
  };
  return [measure, () => freeing.forEach((free) => void free())];
}

/** A clock is fine enough if the least time has this many of its ticks. */
const TICKS = 10;

/**
 * The least of several times in ms, if the clock that took them is fine enough for it. The tick is the greatest common
 * divisor of the readings: too long rather than too short where they are few, or all alike.
 */
export function leastOf(times: Float64Array): number | undefined {
  const nanoseconds = Array.from(times, (ms) => Math.round(ms * 1e6));
  const least = Math.min(...nanoseconds);
  const tick = nanoseconds.reduce(divisor, 0);
  return least > 0 && least >= TICKS * tick ? least / 1e6 : undefined;
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
