/**
 * One block of SmolLM2-135M's geometry with LoRA on its seven projections: output, the gradients of input and all fourteen
 * matrices, and their update by AdamW. The decoder's own block, so that what is measured is what trains.
 */
import { keep } from "@/bench/keep";
import { SHAPES } from "@/bench/shapes";
import { addGradient, backward, type Gradients, takeGradient } from "@/graph/backward";
import { createGraph, external } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import type { Program } from "@/graph/target";
import { type AdapterLayout, adapterLayout, adapterPairs } from "@/model/adapter";
import type { Architecture } from "@/model/architecture";
import { block, rowInputs } from "@/model/decoder";
import { decoderOf } from "@/model/runtime";
import { modelTensors } from "@/model/weights";
import { traceOptimizer } from "@/train/programs";
import { PROJECTIONS } from "@/train/recipe";

const THETA = 10_000;

export interface BlockTrace {
  readonly arch: Architecture;
  readonly layout: AdapterLayout;
  /** Reads x, upstream, adapter, weights; writes out, dx and adds into adapter.grad. */
  readonly step: Program;
  readonly optimizer: Program;
}

export function traceBlock(tokens: number, rank: number): BlockTrace {
  const { arch: whole } = SHAPES["smollm2-135m"];
  const { headDim } = whole;
  const frequencies = Array.from({ length: headDim / 2 }, (_, i) => THETA ** ((-2 * i) / headDim));
  const arch = { ...whole, layers: 1, kinds: whole.kinds.slice(0, 1), ropes: { global: frequencies } };
  const layout = adapterLayout(arch, { rank, alpha: 2 * rank, targets: PROJECTIONS });
  const g = createGraph("block");
  const decoder = decoderOf(arch, modelTensors(arch, "f32"), adapterPairs(layout, true));
  const x = { ...external("x", [tokens, arch.hidden]), needsGrad: true };
  const y = block(g, decoder, 0, x, rowInputs(tokens));
  const gradients: Gradients = new Map();
  addGradient(g, gradients, y, external("upstream", y.shape));
  backward(g, g.tape, gradients);
  keep(g, { out: y, dx: takeGradient(gradients, x) });
  return { arch, layout, step: compileGraph(g), optimizer: traceOptimizer(layout) };
}
