/**
 * Products at the shapes of a training step and of decoding, in every form that this device can run:
 *
 *     node src/tooling/gpu-bench.mjs [--browser] [--seconds 20] [filter]
 *
 * The runner takes the entries in turns, so that a busy machine disturbs all alike; read the ratios.
 */
import { openDevice } from "@/gpu/device";
import type { Variant } from "@/gpu/products";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import { call, createGraph, external, storagesOf } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep, STEP_BYTES } from "@/graph/step";
import type { Format } from "@/graph/target";

export interface Entry {
  readonly name: string;
  /** Entries of one group are compared. */
  readonly group: string;
  readonly flops: number;
  run(): Promise<void>;
}

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
        const target = createWebGpuTarget(opened, { forms: { product: () => variant, attention: () => "registers" } });
        const program = compileGraph(g);
        const buffers = new Map(
          storagesOf(program.calls, true).map((storage) => [
            storage.name,
            target.allocate(storage.bytes, storage.name),
          ]),
        );
        for (const [key, buffer] of buffers) {
          if (key === "step") target.write(buffer, packStep({ ...NO_STEP, adapter_scale: 1 }));
          else if (key !== "w" || format === "f32")
            target.write(
              buffer,
              Float32Array.from({ length: buffer.bytes / 4 }, (_, i) => Math.sin(i)),
            );
        }
        const executable = await target.compile(program, buffers);
        const run = async () => {
          await executable.run();
          await target.idle();
        };
        const start = performance.now();
        await run();
        console.log(`${group} ${name}: first run ${(performance.now() - start).toFixed(0)} ms`);
        made.push({ name, group, flops: 2 * t * k * n, run });
      }
    }
  }
  return made;
}
