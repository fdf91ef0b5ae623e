/**
 * Speed of the CPU engine: matmuls at the shapes of a training step, and one LoRA block of SmolLM2-135M's geometry,
 * value and all gradients.
 *
 *     node src/cpu/bench.mjs [threads …]        # default: 1 2
 *
 * Each figure is the best of several runs, so that a busy machine disturbs little. Rates count multiply and add.
 */
import { keep } from "@/bench/keep";
import { createCpuTarget } from "@/cpu/cpu-target";
import { addGradient, backward, type Gradients, takeGradient } from "@/graph/backward";
import { createGraph, elements, external, type Graph, storagesOf } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep, STEP_BYTES } from "@/graph/step";
import type { DeviceBuffer, Executable, Format, Program, Target, Tensor } from "@/graph/target";
import { add } from "@/ops/add";
import { attention } from "@/ops/attention";
import { linear, multiply, multiplyBackward } from "@/ops/linear";
import { rmsnorm } from "@/ops/rmsnorm";
import { rope, ropeTable } from "@/ops/rope";
import { swiglu } from "@/ops/swiglu";
import { createRandom } from "@/util/random";

const T = 128;
const RANK = 8;
const STEP = external("step", [STEP_BYTES / 4]);

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
    else if (name === "table") {
      const frequencies = Array.from({ length: 32 }, (_, i) => 10_000 ** (-i / 32));
      target.write(buffer, ropeTable(T, frequencies));
    } else if (!/^(d|out)/.test(name)) {
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

/** One transformer block with LoRA on all seven projections; its input's and all 14 matrices' gradients. */
export function traceBlock(): Program {
  const g = createGraph("block");
  const width = 576;
  const x = { ...external("x", [T, width]), needsGrad: true };
  const shape = { heads: 9, kvHeads: 3, headDim: 64, scale: 1 / 8 };
  const positions = external("positions", [T], "u32");
  const table = external("table", [T, 32, 2]);
  const span = external("span", [T, 2], "u32");
  const norm = (name: string, input: Tensor) =>
    rmsnorm(g, { x: input, w: external(`w.${name}`, [width]) }, { eps: 1e-5 }).y;
  const project = (name: string, input: Tensor, n: number) => {
    const k = input.shape[1] ?? 0;
    const pair = (part: string, dims: readonly number[]) => ({
      ...external(`${part}.${name}`, dims),
      needsGrad: true,
      grad: external(`d${part}.${name}`, dims),
    });
    const lora = { a: pair("a", [RANK, k]), b: pair("b", [n, RANK]) };
    return linear(g, input, external(`w.${name}`, [n, k]), lora, STEP);
  };
  const turn = (input: Tensor) => rope(g, { x: input, positions, table }, { headDim: 64 }).y;
  const normed = norm("attention", x);
  const q = turn(project("q", normed, 576));
  const k = turn(project("k", normed, 192));
  const v = project("v", normed, 192);
  const mixed = project("o", attention(g, { q, k, v, span }, shape).y, 576);
  const middle = add(g, { a: x, b: mixed }, null).y;
  const second = norm("mlp", middle);
  const gated = swiglu(
    g,
    { gate: project("gate", second, 1536), up: project("up", second, 1536) },
    { activation: "silu" },
  ).y;
  const y = add(g, { a: middle, b: project("down", gated, 576) }, null).y;
  const gradients: Gradients = new Map();
  addGradient(g, gradients, y, external("upstream", y.shape));
  backward(g, g.tape, gradients);
  keep(g, { out: y, dx: takeGradient(gradients, x) });
  return compileGraph(g);
}

/** Multiplies and adds of the block's matmuls, attention left out. */
function blockFlops(program: Program): number {
  return program.calls.reduce((sum, { kernel, constants: c, reads }) => {
    const rows = elements((reads.x ?? reads.dy ?? reads.right)?.shape ?? [0]);
    if (kernel === "lora.gradient") return sum + 2 * rows * (c.M ?? 0);
    if (!kernel.startsWith("linear.")) return sum;
    const inner = kernel.startsWith("linear.forward") ? (c.K ?? 1) : (c.N ?? 1);
    return sum + 2 * (rows / inner) * ((c.K ?? 0) * (c.N ?? 0));
  }, 0);
}

async function block(target: Target): Promise<void> {
  const program = traceBlock();
  const [executable] = await open(target, program);
  const ms = await best(() => executable.run(), 6);
  const flops = blockFlops(program);
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
