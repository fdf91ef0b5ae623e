/** The loss head alone, forward and backward: what labelling few of the tokens saves. */
import { repeat } from "@/bench/clock";
import { keep } from "@/bench/keep";
import type { HeadResult } from "@/bench/report";
import { addGradient, backward, type Gradients, takeGradient } from "@/graph/backward";
import { createGraph, external, storagesOf } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer, Program } from "@/graph/target";
import { decoderOf, type Runtime } from "@/model/runtime";
import { lossHead } from "@/ops/cross-entropy";

/** `rows` labelled rows, a multiple of 64, as the trainer pads them. */
export function traceHead({ arch, tensors }: Pick<Runtime, "arch" | "tensors">, rows: number): Program {
  const g = createGraph(`head ${rows}`);
  const { step } = decoderOf(arch, tensors);
  const x = { ...external("x", [rows, arch.hidden]), needsGrad: true };
  const nll = external("nll", [rows]);
  const batch = { targets: external("targets", [rows], "u32"), weights: external("rowWeights", [rows]), nll };
  lossHead(g, { x, w: tensors.head, ...batch, step });
  const gradients: Gradients = new Map();
  addGradient(g, gradients, { ...nll, needsGrad: true }, nll);
  backward(g, g.tape, gradients);
  keep(g, { dx: takeGradient(gradients, x) });
  return compileGraph(g);
}

export async function measureHead(
  runtime: Runtime,
  model: string,
  fewRows: number,
  allRows: number,
  seconds: number,
): Promise<HeadResult> {
  const few = await open(runtime, traceHead(runtime, fewRows));
  const all = await open(runtime, traceHead(runtime, allRows));
  try {
    await few.run();
    await all.run();
    // In turns, so that what else the machine does hits both.
    const turns = await repeat(async () => ({ few: await few.run(), all: await all.run() }), seconds, 3);
    const best = (which: "few" | "all") => Math.min(...turns.map((turn) => turn[which]));
    return { model, fewRows, allRows, fewMs: best("few"), allMs: best("all") };
  } finally {
    few.release();
    all.release();
  }
}

async function open({ target, buffers }: Runtime, program: Program) {
  const own = new Map<string, DeviceBuffer>();
  const known = new Set(buffers.keys());
  for (const { name, bytes } of storagesOf(program.calls, true)) {
    if (!known.has(name)) own.set(name, target.allocate(bytes, name));
  }
  const step = buffers.get("step");
  if (step) target.write(step, packStep({ ...NO_STEP, loss_scale: 1 }));
  const executable = await target.compile(program, new Map([...buffers, ...own]));
  return {
    run: async () => {
      const start = performance.now();
      await executable.run();
      await target.idle();
      return performance.now() - start;
    },
    release: () => {
      target.discard(executable);
      for (const buffer of own.values()) target.free(buffer);
    },
  };
}
