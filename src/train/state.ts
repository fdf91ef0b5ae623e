/**
 * All that a run is between two steps: the adapter, what the optimizer keeps, the step, and for methods that compare
 * with where they started also that adapter. Whoever goes on from it gets the numbers of a run that was never
 * interrupted, since order, learning rate and samples follow from the recipe and the step. As bytes it is a safetensors file.
 */
import { AppError } from "@/errors";
import { fromBlob } from "@/files/byte-source";
import { readHeader, readTensor, type TensorData, writeSafetensors } from "@/files/safetensors";
import type { OptimizerState } from "@/train/optimizers";

export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** Flat, as `model/adapter` lays it out. */
  readonly adapter: Float32Array<ArrayBuffer>;
  readonly optimizer: OptimizerState;
  /** The adapter that the run started from, where the method compares with it. */
  readonly start?: Float32Array<ArrayBuffer> | undefined;
}

export function packState({ step, adapter, optimizer, start }: TrainingState): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, TensorData>();
  for (const [name, data] of Object.entries({ adapter, ...optimizer, start })) {
    if (data) tensors.set(name, { dtype: "F32", shape: [data.length], data });
  }
  return writeSafetensors(tensors, { format: "burnish-training-state", step: String(step) });
}

/** `length` is that of the adapter, `kept` those of what the optimizer keeps; throws "file/malformed" when a part is missing or has another. */
export async function unpackState(
  bytes: Uint8Array<ArrayBuffer>,
  step: number,
  length: number,
  kept: ReadonlyMap<string, number>,
): Promise<TrainingState> {
  const source = fromBlob(new Blob([bytes]));
  const header = await readHeader(source);
  const read = async (name: string, values = length) => {
    const entry = header.get(name);
    if (entry?.shape.length !== 1 || entry.shape[0] !== values) {
      throw new AppError("file/malformed", `The checkpoint has no ${name} of ${values} values.`, {
        hint: "It belongs to another recipe or model.",
      });
    }
    return readTensor(source, entry);
  };
  const start = header.has("start") ? await read("start") : undefined;
  const optimizer = await Promise.all(
    [...kept].map(async ([name, values]) => [name, await read(name, values)] as const),
  );
  return { step, adapter: await read("adapter"), optimizer: Object.fromEntries(optimizer), start };
}
