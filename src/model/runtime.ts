/**
 * A model on a device: its architecture, its weights' symbols and their buffers, and the table that rope reads.
 * Everything that runs the model starts from this.
 */
import { external } from "@/graph/graph";
import { STEP_BYTES } from "@/graph/step";
import type { DeviceBuffer, Target, WeightFormat } from "@/graph/target";
import type { AdapterPairs } from "@/model/adapter";
import type { Architecture } from "@/model/architecture";
import type { Decoder } from "@/model/decoder";
import { type Located, loadWeights, type ModelTensors, modelTensors } from "@/model/weights";
import { ropeTable } from "@/ops/rope";

export interface Runtime {
  readonly target: Target;
  readonly arch: Architecture;
  readonly format: WeightFormat;
  readonly tensors: ModelTensors;
  /** Weights by tensor name, "rope.table" and "step". */
  readonly buffers: ReadonlyMap<string, DeviceBuffer>;
  /** Positions that the rope table covers. */
  readonly positions: number;
}

/** Longest text that one row of the token axis may reach; rope's table is made for it. */
export function tablePositions(arch: Architecture): number {
  return Math.min(arch.contextLength, 8192);
}

export function ropeBytes(arch: Architecture): number {
  return tablePositions(arch) * arch.headDim * 4;
}

export async function createRuntime(
  target: Target,
  arch: Architecture,
  format: WeightFormat,
  located: ReadonlyMap<string, Located>,
  onProgress: (done: number, total: number) => void,
): Promise<Runtime> {
  const tensors = modelTensors(arch, format);
  const buffers = new Map(await loadWeights(target, tensors, located, onProgress));
  const positions = tablePositions(arch);
  const table = target.allocate(ropeBytes(arch), "rope.table");
  target.write(table, ropeTable(positions, arch.ropeFrequencies));
  buffers.set("rope.table", table);
  buffers.set("step", target.allocate(STEP_BYTES, "step"));
  return { target, arch, format, tensors, buffers, positions };
}

export function releaseRuntime({ target, buffers }: Runtime): void {
  for (const buffer of buffers.values()) target.free(buffer);
}

/** The symbols for a trace of this model. */
export function decoderOf(arch: Architecture, tensors: ModelTensors, adapter?: AdapterPairs): Decoder {
  return {
    arch,
    weights: tensors,
    ropeTable: external("rope.table", [tablePositions(arch), arch.headDim / 2, 2]),
    step: external("step", [STEP_BYTES / 4]),
    ...(adapter ? { adapter } : {}),
  };
}
