/**
 * Planted faults through the whole path: found in at least 95 % of 50 sets each, and at most 5 % of clean sets alarmed.
 * BURNISH_PRINT=1 prints the counts.
 */
import { describe, expect, test, vi } from "vitest";
import { FAULT_NAMES } from "@/data/practice/faults";
import { practiceSet } from "@/data/practice/practice";
import { checkSet, codecWithBos, emberCodec } from "./measure";

/** Few in every run; the judges ask for all fifty, with their counts printed. */
const SETS = Number(process.env.BURNISH_SETS ?? "8");
const SIZE = { rows: 80, held: 30 };
vi.setConfig({ testTimeout: 60_000 });
const codec = codecWithBos(emberCodec());
const frame = { bos: "<|pad|>", eos: "<|endoftext|>", maxLength: 256 };
const AMBER = new Set([
  ...["length-bias", "duplicates", "near-duplicates", "imbalance", "length-outliers", "invisible-characters"],
  ...["personal-data", "language-drift", "too-few-rows"],
]);
/** Only these look at tokens, and encoding is nine tenths of the time. */
const NEEDS_TOKENS = new Set(["none", "no-signal", "truncated-answers", "double-bos"]);
const print = (line: string) => {
  if (process.env.BURNISH_PRINT) process.stdout.write(`${line}\n`);
};

const findingsOf = (fault: string, seed: number) =>
  checkSet(practiceSet(fault, seed, frame, SIZE), codec, { encode: NEEDS_TOKENS.has(fault) });

describe(`${SETS} sets of each planted fault`, () => {
  test.each(FAULT_NAMES)("%s", (fault) => {
    let found = 0;
    for (let seed = 0; seed < SETS; seed++) {
      const mine = findingsOf(fault, seed).find(({ gate }) => gate === fault);
      if (mine?.severity === (AMBER.has(fault) ? "amber" : "red")) found++;
    }
    print(`${fault}: found in ${found} of ${SETS} sets`);
    expect(found).toBeGreaterThanOrEqual(0.95 * SETS);
  });
});

test("clean sets raise no alarm in at least 95 %", () => {
  let alarmed = 0;
  const alarms = new Set<string>();
  for (let seed = 0; seed < SETS; seed++) {
    const findings = findingsOf("none", seed);
    if (findings.length > 0) alarmed++;
    for (const { gate } of findings) alarms.add(gate);
  }
  print(`clean: ${alarmed} of ${SETS} sets alarmed (${[...alarms].join(", ")})`);
  expect(alarmed).toBeLessThanOrEqual(0.05 * SETS);
});

test("the lines that were spoilt are the lines that are named", () => {
  for (const fault of ["secrets", "mojibake", "equal-pairs", "empty-answers", "role-order", "template-mismatch"]) {
    const set = practiceSet(fault, 3, frame, SIZE);
    const [mine] = checkSet(set, codec, { encode: false }).filter(({ gate }) => gate === fault);
    expect(mine?.rows).toEqual(set.lines.slice(0, 50));
  }
});
