/**
 * Training rows that the held-out rows, or the tests of a suite, would meet again: the measurement then shows memory.
 * By equal questions, by near duplicates, and by runs of 13 words, which is the rule of lm-evaluation-harness and GPT-3.
 */
import { createPairCounts } from "@/util/pair-counts";
import { groupsOf, wholeKey } from "./duplicates";
import { type Gate, type GateRow, rowsDo, rowsWord, severityOf } from "./gate";
import { frameLimit, rowCounts } from "./near";
import { eachGram, hashWords } from "./words";

export const RUN = 13;
/** In a shorter row most of any run is the frame that all rows share; such rows are judged whole. */
const LONG = 2 * RUN;

export const leakage: Gate = {
  name: "leakage",
  title: "Held-out rows in training",
  why: "What was trained on is answered from memory, so the held-out score comes out too high. Leave the training twins out.",
  fix: "drop",
  check(rows) {
    const held = rows.filter((row) => row.held).length;
    if (held === 0 || held === rows.length) return [];
    const shared = [...new Set([...sameQuestions(rows), ...sameGroups(rows), ...sharedRuns(rows)])];
    const twins = shared.filter((i) => !rows[i]?.held).sort((a, b) => a - b);
    if (twins.length === 0) return [];
    const met = shared.length - twins.length;
    const message = `${met} of ${held} held-out rows are met in training, in ${rowsWord(twins.length)} of it.`;
    return [{ severity: severityOf(met, held), rows: twins, message }];
  },
};

/** Indices of all rows, on either side, of the keys that stand on both. */
function onBothSides<K>(rows: readonly GateRow[], key: (row: GateRow, index: number) => K): number[] {
  const sides = new Map<K, number>();
  rows.forEach((row, i) => {
    const name = key(row, i);
    sides.set(name, (sides.get(name) ?? 0) | (row.held ? 2 : 1));
  });
  return rows.flatMap((row, i) => (sides.get(key(row, i)) === 3 ? [i] : []));
}

/** Equal prompts, unless so many rows share one that it asks nothing of its own. */
function sameQuestions(rows: readonly GateRow[]): number[] {
  const uses = new Map<number, number>();
  for (const { promptHash } of rows) uses.set(promptHash, (uses.get(promptHash) ?? 0) + 1);
  const limit = frameLimit(rows.length);
  return onBothSides(rows, (row) =>
    row.prompt.trim() !== "" && (uses.get(row.promptHash) ?? 0) <= limit ? `${row.promptHash}` : wholeKey(row),
  );
}

function sameGroups(rows: readonly GateRow[]): number[] {
  const groups = groupsOf(rows);
  return onBothSides(rows, (_, i) => groups[i] ?? i);
}

/** Runs that stand in many rows are their frame and prove nothing. */
function sharedRuns(rows: readonly GateRow[]): number[] {
  const held = rowCounts(
    rows.filter(({ held, words }) => held && words.length >= LONG).map(({ words }) => words),
    RUN,
  );
  const train = createPairCounts(held.size);
  for (const row of rows) {
    if (row.held || row.words.length < LONG) continue;
    eachGram(row.words, RUN, (high, low) => {
      if (held.get(high, low) > 0) train.add(high, low);
    });
  }
  const limit = frameLimit(rows.length);
  if (train.size === 0) return [];
  return rows.flatMap(({ words }, i) => {
    let shared = false;
    eachGram(words, RUN, (high, low) => {
      const count = train.get(high, low);
      shared ||= count > 0 && count + held.get(high, low) <= limit;
    });
    return shared && words.length >= LONG ? [i] : [];
  });
}

export const contamination: Gate = {
  name: "contamination",
  title: "Test questions in training",
  why: "A model that trained on a benchmark's own text scores on it without having learned. Leave these rows out before comparing with anyone.",
  fix: "drop",
  check(rows, { tests }) {
    return tests.flatMap(({ name, has }) => {
      const found = rows.flatMap((row, i) => {
        if (row.held || row.words.length < RUN) return [];
        let shared = false;
        eachGram(row.words, RUN, (high, low) => {
          shared ||= has(high, low);
        });
        return shared ? [i] : [];
      });
      if (found.length === 0) return [];
      const message = `${rowsDo(found.length, "shares", "share")} a run of 13 words with ${name}.`;
      return [{ severity: "red" as const, rows: found, message }];
    });
  },
};

/** The runs of a suite's own texts, for `GateContext.tests`. */
export function testSetOf(name: string, texts: readonly string[]) {
  const words = texts.map(hashWords).filter(({ length }) => length >= RUN);
  const counts = rowCounts(words, RUN);
  return { name, has: (high: number, low: number) => counts.get(high, low) > 0 };
}
