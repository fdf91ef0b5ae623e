/**
 * A practice set: clean rows with one fault planted, from a seed. The same sets measure the gates, come out of
 * `burnish practice`, and are the exercise "find what is wrong" on the page.
 */
import { AppError } from "@/errors";
import { createRandom } from "@/util/random";
import { type CleanSet, cleanSet, KINDS, type PracticeKind, type PracticeRow } from "./clean";
import { FAULT_NAMES, FAULTS, type Frame, faultStream, type Planted } from "./faults";

export interface PracticeSet extends Planted {
  readonly kind: PracticeKind;
  /** The gate that should find it; "" for a clean set. */
  readonly fault: string;
  readonly lesson: string;
}

/** Tokens of the frame where no model is open: those that most use. */
export const PLAIN_FRAME: Frame = { bos: "<s>", eos: "</s>", maxLength: 256 };

/** "none" plants nothing. Throws AppError "usage" for a name that is no fault. */
export function practiceSet(
  fault: string,
  seed: number,
  frame = PLAIN_FRAME,
  size = { rows: 200, held: 60 },
): PracticeSet {
  const random = createRandom(seed, faultStream(fault));
  if (fault === "none") {
    const kind = KINDS[seed % KINDS.length] ?? "labels";
    return { ...clean(cleanSet(kind, seed, size)), fault: "", lesson: "Nothing is wrong with these rows." };
  }
  const found = FAULTS[fault];
  if (!found) {
    throw new AppError("usage", `There is no fault "${fault}".`, {
      hint: `There are: none, ${FAULT_NAMES.join(", ")}.`,
    });
  }
  const kind = found.kinds[seed % found.kinds.length] ?? "labels";
  const planted = found.plant(cleanSet(kind, seed, size), random, frame);
  return { ...planted, kind, fault, lesson: found.lesson };
}

const clean = ({ kind, train, held }: CleanSet) => ({ kind, train, held, lines: [] });

/** The fault that a seed hides when the pupil is to find it. */
export function hiddenFault(seed: number): string {
  const names = ["none", ...FAULT_NAMES.filter((name) => name !== "contamination")];
  return names[createRandom(seed, 7).below(names.length)] ?? "none";
}

/** JSON Lines. */
export const toLines = (rows: readonly PracticeRow[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
