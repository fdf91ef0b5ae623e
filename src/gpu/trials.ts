/**
 * One product of each class of shapes, run on the device in a given form: its time and its values, for gpu/autotune.ts.
 */
import type { OpenedDevice } from "@/gpu/device";
import type { Variant } from "@/gpu/products";
import type { ProductClass } from "@/gpu/variants";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import { call, createGraph, external, storagesOf } from "@/graph/graph";
import type { Call, WeightFormat } from "@/graph/target";

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
/** The Step uniform: gpu/ knows no fields of it, only that it is this large. */
const STEP_BYTES = 48;

/** What stands for a class: rows, K, N and the weight's format; those that weigh most come first. */
const PROXIES: Readonly<Record<ProductClass, readonly [number, number, number, WeightFormat]>> = {
  "many forward floats": [256, 1024, 1024, "f32"],
  "many backward floats": [256, 1024, 1024, "f32"],
  "many forward blocks": [256, 1024, 1024, "q4_0"],
  "many backward blocks": [256, 1024, 1024, "q4_0"],
  "narrow forward": [256, 1024, 16, "f32"],
  "narrow backward": [256, 16, 1024, "f32"],
  gradient: [256, 1024, 16, "f32"],
  "few forward blocks": [1, 1024, 2048, "q4_0"],
  "few forward floats": [1, 1024, 2048, "f32"],
};

export const CLASSES: readonly ProductClass[] = Object.keys(PROXIES);

function proxyCall(className: ProductClass): Call {
  const [t, k, n, format] = PROXIES[className] ?? [8, 4, 4, "f32"];
  const g = createGraph("tune");
  const w = external("w", [n, k], format, format === "q4_0" ? (n * k * 18) / 32 : undefined);
  const [wide, tall] = [external("x", [t, k]), external("y", [t, n])];
  const constants = { K: k, N: n, W_ROWS: n, W_COLS: k };
  if (className === "gradient") {
    const reads = { left: tall, right: wide, step: external("step", [STEP_BYTES / 4]) };
    call(g, "lora.gradient", { reads, writes: { g: external("w", [n, k]) } }, { M: n, N: k }, 1);
  } else if (className.includes("forward")) {
    call(g, "linear.forward", { reads: { x: wide, w }, writes: { y: tall } }, constants, 1);
  } else {
    call(g, "linear.backward", { reads: { dy: tall, w }, writes: { dx: wide } }, constants, 1);
  }
  return g.calls[0] as Call;
}

/** Trials on the device itself, and what frees their buffers. */
export function measuring(opened: OpenedDevice): [Measure, () => void] {
  let current = PLAINEST;
  const target = createWebGpuTarget(opened, 0, () => current);
  const freeing: (() => void)[] = [];
  const measure: Measure = async (className, variant) => {
    current = variant;
    const item = proxyCall(className);
    const calls = Array.from({ length: CALLS }, () => item);
    const buffers = new Map(
      storagesOf([item], true).map(({ name, bytes }) => [name, target.allocate(bytes, `tune ${name}`)]),
    );
    freeing.push(() => buffers.forEach(target.free));
    for (const [name, buffer] of buffers)
      target.write(buffer, pattern(buffer.bytes / 4, name === "w" && className.endsWith("blocks")));
    const program = { name: "tune", calls, pause: CALLS, slots: [], placeOf: new Map(), peakBytes: 0 };
    const executable = await target.compile(program, buffers);
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

/** Values that are harmless as f32 and, in pairs, as f16 scales with 4-bit numbers around them. */
function pattern(words: number, packed: boolean): ArrayBufferView {
  const bits = Uint32Array.from({ length: words }, (_, i) => Math.imul(i + 1, 0x9e3779b1) ^ (i >>> 3));
  if (packed) return bits.map((word) => (word & 0x0f0f0f0f) | 0x20202020);
  return Float32Array.from(bits, (word) => word / 2 ** 32 - 0.5);
}
