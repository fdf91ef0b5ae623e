/**
 * Speed of the CPU engine: matmuls at the shapes of a training step, and one LoRA block of SmolLM2-135M's geometry,
 * value and all gradients.
 *
 *     node src/cpu/bench.mjs [threads …]        # default: 1 2
 *
 * Each figure is the best of several runs, so that a busy machine disturbs little. Rates count multiply and add.
 */
import { traceBlock } from "@/bench/block";
import { countFlops } from "@/bench/flops";
import { keep } from "@/bench/keep";
import { createCpuTarget } from "@/cpu/cpu-target";
import { createGraph, external, type Graph, storagesOf } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer, Executable, Format, Program, Target } from "@/graph/target";
import { multiply, multiplyBackward } from "@/ops/linear";
import { ropeTable } from "@/ops/rope";
import { createRandom } from "@/util/random";

const T = 128;
const RANK = 8;

/** Buffers of all externals, filled: floats near 0, spans and positions as one causal sequence. */
export async function open(target: Target, program: Program): Promise<[Executable, Map<string, DeviceBuffer>]> {
  const buffers = new Map<string, DeviceBuffer>();
  const random = createRandom(7);
  for (const { name, bytes } of storagesOf(program.calls, true)) {
    const buffer = target.allocate(bytes, name);
    buffers.set(name, buffer);
    if (name === "step") target.write(buffer, packStep({ ...NO_STEP, adapter_scale: 2 }));
    else if (name === "positions")
      target.write(
        buffer,
        Uint32Array.from({ length: T }, (_, t) => t),
      );
    else if (name === "span")
      target.write(
        buffer,
        Uint32Array.from({ length: 2 * T }, (_, i) => (i % 2 ? (i + 1) / 2 : 0)),
      );
    else if (name.startsWith("rope.")) {
      const frequencies = Array.from({ length: 32 }, (_, i) => 10_000 ** (-i / 32));
      target.write(buffer, ropeTable(T, frequencies));
    } else if (!/^(dx|out|adapter\.grad)/.test(name)) {
      target.write(
        buffer,
        Float32Array.from({ length: bytes / 4 }, () => 0.1 * random.normal()),
      );
    }
  }
  return [await target.compile(program, buffers), buffers];
}

/** Shortest of all runs in `seconds`: long enough to meet a moment in which the machine does nothing else. */
async function best(run: () => unknown, seconds = 1): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    await run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

async function time(target: Target, g: Graph): Promise<number> {
  const [executable, buffers] = await open(target, compileGraph(g));
  const ms = await best(() => executable.run());
  target.discard(executable);
  for (const buffer of buffers.values()) target.free(buffer);
  return ms;
}

async function matmuls(target: Target): Promise<void> {
  const shapes = [
    [576, 1536, "f32"],
    [1536, 576, "f32"],
    [576, 576, "f32"],
    [576, 192, "f32"],
    [576, 1536, "f16"],
    [576, 8, "f32"],
    [1536, 8, "f32"],
  ] as const;
  for (const [k, n, format] of shapes) {
    const w = external("w", [n, k], format as Format);
    const forward = createGraph("forward");
    keep(forward, { out: multiply(forward, external("x", [T, k]), w) });
    const back = createGraph("backward");
    keep(back, { out: multiplyBackward(back, external("y", [T, n]), w, [T, k]) });
    const flops = 2 * T * k * n;
    const rate = async (g: Graph) => (flops / (await time(target, g)) / 1e6).toFixed(1).padStart(6);
    const shape = `${T} × ${k} × ${n} ${format}`.padEnd(22);
    console.log(`  ${shape} forward ${await rate(forward)}  backward ${await rate(back)} GFLOP/s`);
  }
}

async function block(target: Target): Promise<void> {
  const program = traceBlock(T, RANK).step;
  const [executable] = await open(target, program);
  const ms = await best(() => executable.run(), 6);
  const flops = countFlops(program, 0).total;
  console.log(`  block step ${ms.toFixed(1)} ms, ${(flops / ms / 1e6).toFixed(1)} GFLOP/s in its matmuls`);
  const sums = new Map<string, number>();
  let least = new Float64Array(program.calls.length).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < 20; i++) {
    const times = await executable.profile();
    least = least.map((value, j) => Math.min(value, times[j] ?? value));
  }
  program.calls.forEach(({ kernel }, i) => {
    sums.set(kernel, (sums.get(kernel) ?? 0) + (least[i] ?? 0));
  });
  for (const [kernel, sum] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, 14)) {
    console.log(`    ${kernel.padEnd(24)} ${sum.toFixed(2)} ms`);
  }
}

export async function bench(threadCounts: readonly number[], relaxed: boolean): Promise<void> {
  for (const threads of threadCounts) {
    const target = await createCpuTarget({ threads, relaxed });
    console.log(target.description);
    await matmuls(target);
    await block(target);
    target.release();
  }
}
