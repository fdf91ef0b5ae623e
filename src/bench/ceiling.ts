/**
 * What the device gives our own kernels at best: products of f32 matrices, and adding two long vectors. A step is measured
 * against these rather than against a data sheet, so that the figure says what the step loses, not what the device lacks.
 */
import { repeat } from "@/bench/clock";
import { keep } from "@/bench/keep";
import type { Ceilings } from "@/bench/report";
import { call, createGraph, external, type Graph, storagesOf } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { compileGraph } from "@/graph/plan";
import type { DeviceBuffer, Target } from "@/graph/target";
import { multiply, multiplyBackward } from "@/ops/linear";

/** rows × inner × columns, growing: a larger one is tried only while a product takes less than SLOW_MS. */
const PRODUCTS = [
  [128, 576, 1536],
  [512, 576, 1536],
  [512, 1024, 3072],
  [1024, 2048, 2048],
  [2048, 4096, 4096],
] as const;
const SLOW_MS = 700;
/** Long enough that what a submit costs is little beside it. */
const LONG_MS = 30;

export async function measureCeilings(target: Target): Promise<Ceilings> {
  const products: Ceilings["products"][number][] = [];
  for (const [rows, inner, columns] of PRODUCTS) {
    const flops = 2 * rows * inner * columns;
    const forward = await timeGraph(target, product(rows, inner, columns, false));
    const backward = await timeGraph(target, product(rows, inner, columns, true));
    const ms = Math.min(forward, backward);
    products.push({ rows, inner, columns, gflops: flops / ms / 1e6 });
    if (forward > SLOW_MS / 4) break;
  }
  return {
    matmulGflops: Math.max(...products.map(({ gflops }) => gflops)),
    copyGBs: await copyRate(target),
    products,
  };
}

function product(rows: number, inner: number, columns: number, back: boolean): Graph {
  const g = createGraph("product");
  const w = external("w", [columns, inner]);
  const out = back
    ? multiplyBackward(g, external("dy", [rows, columns]), w, [rows, inner])
    : multiply(g, external("x", [rows, inner]), w);
  keep(g, { out });
  return g;
}

async function copyRate(target: Target): Promise<number> {
  const bytes = Math.min(64 * 2 ** 20, target.limits.maxBindingBytes, target.limits.memoryBudget / 8);
  const length = Math.floor(bytes / 4 / 1024) * 1024;
  const g = createGraph("copy");
  const [a, b, y] = ["a", "b", "y"].map((name) => external(name, [length]));
  if (a && b && y) call(g, "add.forward", { reads: { a, b }, writes: { y } }, {}, gridOf(length / 4));
  return (3 * length * 4) / (await timeGraph(target, g)) / 1e6;
}

/** Milliseconds of one run, by the best of several stretches of runs without a wait between them. */
async function timeGraph(target: Target, g: Graph): Promise<number> {
  const program = compileGraph(g);
  const buffers = new Map<string, DeviceBuffer>();
  for (const { name, bytes } of storagesOf(program.calls, true)) {
    const buffer = target.allocate(bytes, name);
    // Not zeros alone: some hardware clocks higher on them.
    target.write(
      buffer,
      Float32Array.from({ length: Math.min(bytes / 4, 2 ** 16) }, (_, i) => Math.sin(i)),
    );
    buffers.set(name, buffer);
  }
  try {
    const executable = await target.compile(program, buffers);
    const stretch = async (runs: number) => {
      const start = performance.now();
      for (let i = 0; i < runs; i++) await executable.run();
      await target.idle();
      return (performance.now() - start) / runs;
    };
    await stretch(1);
    const once = await stretch(1);
    const runs = Math.max(1, Math.min(200, Math.ceil(LONG_MS / once)));
    const times = await repeat(() => stretch(runs), 0.4, 3, 8);
    target.discard(executable);
    return Math.min(...times);
  } finally {
    for (const buffer of buffers.values()) target.free(buffer);
  }
}
