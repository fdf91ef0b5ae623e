/**
 * Short names for a model and for a dataset as they are trained on: equal names mean that a run can go on exactly. Not
 * proof against a forger, only against a mistake.
 */
import type { Dataset } from "@/data/dataset-types";
import type { Encoded } from "@/data/encode";
import type { OpenModel } from "@/session/open-model";
import { hashNumbers, hashString } from "@/util/random";

export function modelFingerprint({ arch, formats, revision, located }: OpenModel): string {
  const tensors = [...located.keys()].sort();
  return hex(hashString(JSON.stringify([arch, formats, revision ?? "", tensors])));
}

export function dataFingerprint({ train, eval: held, pairs, questions }: Dataset): string {
  const rows: readonly Encoded[] = [...train, ...held, ...(pairs?.train.flat() ?? []), ...(pairs?.held.flat() ?? [])];
  const asked = (questions ?? []).map(({ promptIds, expected }) => [hashNumbers(promptIds), hashString(expected)]);
  const hashes = rows.flatMap(({ ids, labels }) => [hashNumbers(ids), hashNumbers(labels)]);
  return hex(hashString(JSON.stringify([hashes, asked])));
}

const hex = (value: number) => value.toString(16).padStart(14, "0");
