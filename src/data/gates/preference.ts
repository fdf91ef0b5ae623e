/** What spoils preference pairs: no preference at all, or one for length. */
import { type Gate, indicesOf, percent, rowsDo } from "./gate";
import { evenOut } from "./words";

export const equalPairs: Gate = {
  name: "equal-pairs",
  title: "Chosen equals rejected",
  why: "A pair of equal answers has no preference, and its gradient is zero or noise. Leave it out.",
  fix: "drop",
  check(rows) {
    const equal = indicesOf(
      rows,
      ({ held, answer, rejected }) => !held && rejected !== null && evenOut(answer) === evenOut(rejected),
    );
    if (equal.length === 0) return [];
    const message = `${rowsDo(equal.length, "has", "have")} the same text as chosen and as rejected answer.`;
    return [{ severity: "red", rows: equal, message }];
  },
};

const BIAS = 0.7;
const FEWEST = 20;

export const lengthBias: Gate = {
  name: "length-bias",
  title: "Longer is always better",
  why: "If the chosen answer is nearly always the longer one, length is what the model learns to prefer. Add pairs in which the shorter answer wins.",
  check(rows) {
    const pairs = rows.filter(({ held, rejected }) => !held && rejected !== null);
    if (pairs.length < FEWEST) return [];
    const longer = indicesOf(
      rows,
      ({ held, answer, rejected }) => !held && rejected !== null && answer.length > 1.1 * rejected.length,
    );
    const shorter = pairs.filter(({ answer, rejected }) => 1.1 * answer.length < (rejected ?? "").length).length;
    const share = Math.max(longer.length, shorter) / pairs.length;
    if (share <= BIAS) return [];
    const word = longer.length >= shorter ? "longer" : "shorter";
    const message = `The chosen answer is clearly ${word} in ${percent(share)} of ${pairs.length} pairs.`;
    return [{ severity: "amber", rows: word === "longer" ? longer : [], message }];
  },
};
