/**
 * How long the rows of W + s·B·A are, for DoRA: measured before a pass into the buffer "adapter.norms", since the adapter
 * changes between passes; and the magnitudes of a fresh adapter, which are those lengths, so that it changes nothing.
 */
import { createGraph, type Graph } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { Program } from "@/graph/target";
import { type AdapterLayout, adapterPairs } from "@/model/adapter";
import type { Architecture } from "@/model/architecture";
import { decoderOf, type Runtime } from "@/model/runtime";
import type { Trainable } from "@/model/trainable";
import type { ModelTensors } from "@/model/weights";
import { rowNorm } from "@/ops/row-norm";
import { scale } from "@/ops/scale";

/** Buffers that a program needs beside the adapter's own, with their bytes; none without DoRA. */
export function normBuffers(layout: Trainable | undefined): (readonly [name: string, bytes: number])[] {
  return layout?.kind === "lora" && layout.norms > 0 ? [["adapter.norms", layout.norms * 4]] : [];
}

/** Appends the measuring of every adapted weight; nothing without DoRA. */
export function traceNorms(g: Graph, arch: Architecture, tensors: ModelTensors, layout: Trainable | undefined): void {
  if (layout?.kind !== "lora" || layout.norms === 0) return;
  const { step } = decoderOf(arch, tensors);
  const pairs = adapterPairs(layout, false);
  for (const { key, layer, projection, factor } of layout.slots) {
    const pair = pairs.get(key);
    const w = tensors.layers[layer]?.projections[projection];
    if (!pair?.magnitude || !w) throw new Error(`internal: no weight for ${key}`);
    const own = factor === 1 ? step : scale(g, { step }, { factor }).y;
    rowNorm(g, { w, a: pair.a, b: pair.b, step: own }, pair.magnitude.norm);
  }
}

/** The measuring alone. */
export function normProgram(arch: Architecture, tensors: ModelTensors, layout: Trainable | undefined): Program {
  const g = createGraph("norms");
  traceNorms(g, arch, tensors, layout);
  return compileGraph(g);
}

/** Writes the magnitudes of an adapter that is to change nothing, for whose B is zero, into its flat values. */
export async function startMagnitudes(
  { target, arch, tensors, buffers }: Runtime,
  layout: AdapterLayout,
  flat: Float32Array<ArrayBuffer>,
): Promise<void> {
  const own = new Map(
    [["adapter", flat.byteLength] as const, ...normBuffers(layout)].map(
      ([name, bytes]) => [name, target.allocate(bytes, name)] as const,
    ),
  );
  try {
    const step = buffers.get("step");
    const adapter = own.get("adapter");
    const norms = own.get("adapter.norms");
    if (!step || !adapter || !norms) return;
    target.write(step, packStep({ ...NO_STEP, adapter_scale: layout.scale }));
    target.write(adapter, flat);
    const executable = await target.compile(normProgram(arch, tensors, layout), new Map([...buffers, ...own]));
    await executable.run();
    flat.set(new Float32Array(await target.read(norms)), flat.length - layout.norms);
    target.discard(executable);
  } finally {
    for (const buffer of own.values()) target.free(buffer);
  }
}
