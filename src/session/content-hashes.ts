/**
 * SHA-256 of what a run over a suite was made with, for its report: the model's tensors as its files store them, the adapter's
 * values as they lie on the device, the rows that it was trained on, and the texts before the question.
 */
import { textHashes } from "@/eval/text-hashes";
import { createHasher } from "@/hub/digest";
import { storedPieces } from "@/model/located";
import type { State } from "@/session/core";
import { dataFingerprint } from "@/session/fingerprint";
import type { OpenModel } from "@/session/open-model";
import { sha256Hex } from "@/util/sha256";

const KNOWN = new WeakMap<OpenModel, Promise<string>>();

/** Over names, shapes and bytes of all tensors in the order of their names; read once for each open model. */
export function modelHash(model: OpenModel): Promise<string> {
  const known = KNOWN.get(model) ?? hashTensors(model);
  KNOWN.set(model, known);
  known.catch(() => KNOWN.delete(model));
  return known;
}

async function hashTensors({ located }: OpenModel): Promise<string> {
  const hasher = await createHasher("sha256", 0);
  const text = new TextEncoder();
  for (const [name, tensor] of [...located].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hasher.update(text.encode(`${name} ${tensor.stored} ${tensor.shape.join("x")}\n`));
    for await (const piece of storedPieces(tensor)) hasher.update(piece);
  }
  return hasher.hex();
}

/** By label. `contexts`: by name, what stands before the question in some arm. */
export async function contentHashes(
  model: OpenModel,
  { adapter, dataset, trained }: Pick<State, "adapter" | "dataset" | "trained">,
  contexts: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string | null>> {
  return {
    "SHA-256 of the model": await modelHash(model),
    ...(adapter
      ? { "SHA-256 of the adapter": await sha256Hex(new Uint8Array(await model.runtime.target.read(adapter.buffer))) }
      : {}),
    ...(adapter && trained && dataset ? { "Fingerprint of its training data": dataFingerprint(dataset.built) } : {}),
    ...(await textHashes(contexts)),
  };
}
