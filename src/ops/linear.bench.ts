/**
 * Products at the shapes of a training step and of decoding, in every form that this device can run:
 *
 *     node src/tooling/gpu-bench.mjs [--browser] [--seconds 20] [filter]
 *
 * The runner takes the entries in turns, so that a busy machine disturbs all alike; read the ratios.
 */

import { type Entry, runnable } from "@/gpu/bench-entry";
import { openDevice } from "@/gpu/device";
import { productOf, type Variant } from "@/gpu/products";
import { type ChooseForms, classOf } from "@/gpu/variants";
import { call, createGraph, external } from "@/graph/graph";
import { STEP_BYTES } from "@/graph/step";
import type { Call, Format } from "@/graph/target";

/** T, K, N and the weight's format. */
const SHAPES: readonly (readonly [number, number, number, Format])[] = [
  [128, 576, 1536, "f32"],
  [128, 1536, 576, "f32"],
  [512, 576, 576, "f32"],
  [512, 512, 512, "f32"],
  [128, 576, 8, "f32"],
  [128, 1536, 16, "f32"],
  [1, 576, 1536, "f32"],
  [8, 576, 1536, "f32"],
  [32, 576, 1536, "f32"],
  [128, 576, 1536, "f16"],
  [128, 576, 1536, "q4_0"],
  [128, 576, 1536, "nf4"],
  [1, 576, 1536, "q4_0"],
];

const VARIANTS: Readonly<Record<string, Variant>> = {
  "registers 8": { form: "registers", rows: 8 },
  registers: { form: "registers" },
  quads: { form: "quads" },
  "shared 8": { form: "shared", side: 8 },
  "shared 16": { form: "shared", side: 16 },
  "split 4": { form: "split", split: 4, rows: 8 },
  "split 16": { form: "split", split: 16, rows: 8 },
  "split 64": { form: "split", split: 64, rows: 8 },
};

/** Bytes per 64 values of the formats with blocks. */
const BLOCKED: Readonly<Record<string, number>> = { q4_0: 36, nf4: 36 };

export async function entries(gpu: GPU, filter: RegExp): Promise<Entry[]> {
  const opened = await openDevice(gpu);
  const made: Entry[] = [];
  for (const [t, k, n, format] of SHAPES) {
    const bytes = BLOCKED[format];
    const w = external("w", [n, k], format, bytes && (n * k * bytes) / 64);
    const step = external("step", [STEP_BYTES / 4]);
    const x = external("x", [t, k]);
    const y = external("y", [t, n]);
    const constants = { K: k, N: n, W_ROWS: n, W_COLS: k };
    const operands = {
      forward: { kernel: "linear.forward", reads: { x, w }, writes: { y }, constants },
      backward: { kernel: "linear.backward", reads: { dy: y, w }, writes: { dx: x }, constants },
      gradient: {
        kernel: "lora.gradient",
        reads: { left: y, right: x, step },
        writes: { g: external("w", [n, k]) },
        constants: { M: n, N: k },
      },
    };
    for (const [direction, { kernel, reads, writes, constants: given }] of Object.entries(operands)) {
      if (direction === "gradient" && (n > 64 || t < 128)) continue;
      for (const [name, variant] of Object.entries(VARIANTS)) {
        const group = `${direction} ${t}×${k}×${n} ${format}`;
        if (!filter.test(`${group} ${name}`)) continue;
        if (variant.form === "quads" && !opened.device.features.has("subgroups")) continue;
        if (direction === "gradient" && (variant.form === "shared" || name === "registers 8")) continue;
        const g = createGraph(group);
        call(g, kernel, { reads, writes }, given, 1);
        const item = g.calls[0] as Call;
        const product = productOf(item);
        if (!product) continue;
        const className = classOf(product);
        const forms: ChooseForms = { product: () => variant, attention: () => "registers" };
        const run = await runnable(opened, forms, `${group} ${name}`, item, className);
        made.push({ name, group, flops: 2 * t * k * n, run });
      }
    }
  }
  return made;
}
