/**
 * What a training step costs on this device: the time that JavaScript spends on enqueueing it, the time until the device
 * is done, and each kernel's share. Shares come from running the list call by call, which adds a wait to each; the
 * step's own time does not have them.
 */
import { slotBytes } from "@/graph/plan";
import type { DeviceBuffer } from "@/graph/target";
import { adapterLayout } from "@/model/adapter";
import type { Runtime } from "@/model/runtime";
import { sft } from "@/train/objective";
import { inputBytes } from "@/train/passes";
import { tracePass } from "@/train/programs";
import type { Recipe } from "@/train/recipe";

export interface StepBench {
  readonly tokens: number;
  readonly dispatches: number;
  /** Milliseconds, medians. */
  readonly jsMs: number;
  readonly stepMs: number;
  readonly tokensPerSecond: number;
  readonly slotBytes: number;
  readonly peakBytes: number;
  readonly kernels: readonly { kernel: string; calls: number; ms: number; share: number }[];
}

const ROUNDS = 5;

export async function benchStep(runtime: Runtime, recipe: Recipe, tokens: number): Promise<StepBench> {
  const { target, arch, tensors } = runtime;
  const layout = adapterLayout(arch, recipe.lora);
  const bucket = { tokens, labels: tokens };
  const program = tracePass({ arch, tensors, layout, objective: sft }, bucket, true);
  const sizes = { ...inputBytes(bucket), adapter: layout.length * 4, "adapter.grad": layout.length * 4 };
  const own = new Map<string, DeviceBuffer>();
  for (const [name, bytes] of Object.entries(sizes)) own.set(name, target.allocate(bytes, name));
  const write = (name: string, data: ArrayBufferView) => target.write(own.get(name) as DeviceBuffer, data);
  const count = Uint32Array.from({ length: tokens }, (_, i) => i);
  write(
    "tokens",
    count.map((i) => (i * 7) % arch.vocab),
  );
  write(
    "targets",
    count.map((i) => (i * 7 + 7) % arch.vocab),
  );
  write(
    "positions",
    count.map((i) => i % runtime.positions),
  );
  write(
    "span",
    Uint32Array.from({ length: 2 * tokens }, (_, i) => (i % 2 === 0 ? 0 : (i + 1) / 2)),
  );
  write("labelRows", count);
  write("labelSlots", count);
  write("rowWeights", new Float32Array(tokens).fill(1));
  try {
    const executable = await target.compile(program, new Map([...runtime.buffers, ...own]));
    const js: number[] = [];
    const whole: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const start = performance.now();
      const running = executable.run();
      const enqueued = performance.now();
      await running;
      await target.idle();
      // The first run warms caches and compiles what drivers compile late.
      if (round > 0) {
        js.push(enqueued - start);
        whole.push(performance.now() - start);
      }
    }
    const stepMs = median(whole);
    const kernels = shares(
      program.calls.map(({ kernel }) => kernel),
      await executable.profile(),
    );
    return {
      ...{
        tokens,
        dispatches: program.calls.length,
        jsMs: median(js),
        stepMs,
        tokensPerSecond: (1000 * tokens) / stepMs,
      },
      ...{ slotBytes: slotBytes(program), peakBytes: program.peakBytes, kernels },
    };
  } finally {
    for (const buffer of own.values()) target.free(buffer);
  }
}

function shares(names: readonly string[], times: Float64Array): StepBench["kernels"] {
  const total = times.reduce((a, b) => a + b, 0);
  const byKernel = new Map<string, { calls: number; ms: number }>();
  names.forEach((name, i) => {
    const before = byKernel.get(name) ?? { calls: 0, ms: 0 };
    byKernel.set(name, { calls: before.calls + 1, ms: before.ms + (times[i] ?? 0) });
  });
  return [...byKernel]
    .map(([kernel, { calls, ms }]) => ({ kernel, calls, ms, share: ms / total }))
    .sort((a, b) => b.ms - a.ms);
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
