/**
 * A test set that ships as hashes of its 13-word runs, six bytes each and sorted (e2e/oracle/make_contamination.py): what
 * must not be trained on can be recognised without being there. 48 bits make a chance meeting 1 in 10^10 for each run.
 */
import { AppError } from "@/errors";
import type { TestSet } from "./gate";

const BYTES = 6;

/** Throws AppError "file/malformed" when the bytes are no list of runs. */
export function knownTests(name: string, bytes: Uint8Array): TestSet {
  if (bytes.length % BYTES !== 0) throw new AppError("file/malformed", `The list of runs of ${name} is broken.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const runs = new Set<number>();
  for (let at = 0; at < bytes.length; at += BYTES) runs.add(view.getUint32(at) * 0x10000 + view.getUint16(at + 4));
  return { name, has: (high, low) => runs.has(high * 0x10000 + (low >>> 16)) };
}
