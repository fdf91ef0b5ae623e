/**
 * A model on a device: its architecture, its weights' symbols and their buffers, and the tables that rope reads.
 * Everything that runs the model starts from this.
 */
import { external } from "@/graph/graph";
import { STEP_BYTES } from "@/graph/step";
import type { DeviceBuffer, Target } from "@/graph/target";
import type { AdapterPairs } from "@/model/adapter";
import type { Architecture } from "@/model/architecture";
import type { Decoder } from "@/model/decoder";
import type { Located } from "@/model/located";
import { type Formats, loadWeights, type ModelTensors, modelTensors, type WeightBuffers } from "@/model/weights";
import { ropeTable } from "@/ops/rope";

export interface Runtime {
  readonly target: Target;
  readonly arch: Architecture;
  readonly formats: Formats;
  readonly tensors: ModelTensors;
  /** Weights by tensor name, "rope.<name>" and "step". */
  readonly buffers: ReadonlyMap<string, DeviceBuffer>;
  /** Positions that the rope tables cover. */
  readonly positions: number;
}

/** Longest text that one row of the token axis may reach; rope's tables are made for it. */
export function tablePositions(arch: Architecture): number {
  return Math.min(arch.contextLength, 8192);
}

export function ropeBytes(arch: Architecture): number {
  return Object.keys(arch.ropes).length * tablePositions(arch) * arch.headDim * 4;
}

export async function createRuntime(
  target: Target,
  arch: Architecture,
  formats: Formats,
  located: ReadonlyMap<string, Located>,
  onProgress: (done: number, total: number) => void,
): Promise<Runtime> {
  const tensors = modelTensors(arch, formats);
  return runtimeOf(target, arch, formats, tensors, await loadWeights(target, tensors, located, onProgress));
}

/** Weights that are on the device, and the tables beside them. */
export function runtimeOf(
  target: Target,
  arch: Architecture,
  formats: Formats,
  tensors: ModelTensors,
  weights: WeightBuffers,
): Runtime {
  const buffers = new Map(weights);
  const positions = tablePositions(arch);
  for (const [name, frequencies] of Object.entries(arch.ropes)) {
    const content = ropeTable(positions, frequencies);
    const table = target.allocate(content.byteLength, `rope.${name}`);
    target.write(table, content);
    buffers.set(`rope.${name}`, table);
  }
  buffers.set("step", target.allocate(STEP_BYTES, "step"));
  return { target, arch, formats, tensors, buffers, positions };
}

export function releaseRuntime({ target, buffers }: Runtime): void {
  for (const buffer of buffers.values()) target.free(buffer);
}

/** The symbols for a trace of this model. */
export function decoderOf(arch: Architecture, tensors: ModelTensors, adapter?: AdapterPairs): Decoder {
  const shape = [tablePositions(arch), arch.headDim / 2, 2];
  return {
    arch,
    weights: tensors,
    ropes: Object.fromEntries(Object.keys(arch.ropes).map((name) => [name, external(`rope.${name}`, shape)])),
    step: external("step", [STEP_BYTES / 4]),
    ...(adapter ? { adapter } : {}),
  };
}
