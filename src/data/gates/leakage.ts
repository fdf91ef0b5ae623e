/**
 * Training rows that the held-out rows, or the tests of a suite, would meet again: the measurement then shows memory.
 * By equal questions, by near duplicates, and by runs of 13 words, which is the rule of lm-evaluation-harness and GPT-3.
 */
import { createPairCounts } from "@/util/pair-counts";
import { groupsOf, wholeKey } from "./duplicates";
import { type Gate, type GateRow, rowsWord } from "./gate";
import { frameLimit, rowCounts } from "./near";
import { eachGram, hashWords } from "./words";

export const RUN = 13;

export const leakage: Gate = {
  name: "leakage",
  title: "Held-out rows in training",
  why: "What was trained on is answered from memory, so the held-out score comes out too high. Leave the training twins out.",
  fix: "drop",
  check(rows) {
    if (!rows.some(({ held }) => held) || rows.every(({ held }) => held)) return [];
    const leaking = new Set([...sameQuestions(rows), ...sameGroups(rows), ...sharedRuns(rows)]);
    if (leaking.size === 0) return [];
    const found = [...leaking].sort((a, b) => a - b);
    const message = `${rowsWord(found.length)} of the training data come back in the held-out data.`;
    return [{ severity: "red", rows: found, message }];
  },
};

/** Equal prompts, unless so many rows share one that it asks nothing of its own. */
function sameQuestions(rows: readonly GateRow[]): number[] {
  const uses = new Map<number, number>();
  for (const { promptHash } of rows) uses.set(promptHash, (uses.get(promptHash) ?? 0) + 1);
  const limit = frameLimit(rows.length);
  const key = (row: GateRow) =>
    row.prompt.trim() !== "" && (uses.get(row.promptHash) ?? 0) <= limit ? `${row.promptHash}` : wholeKey(row);
  const held = new Set(rows.filter((row) => row.held).map(key));
  return rows.flatMap((row, i) => (!row.held && held.has(key(row)) ? [i] : []));
}

function sameGroups(rows: readonly GateRow[]): number[] {
  const groups = groupsOf(rows);
  const held = new Set(rows.flatMap((row, i) => (row.held ? [groups[i] ?? i] : [])));
  return rows.flatMap((row, i) => (!row.held && held.has(groups[i] ?? i) ? [i] : []));
}

/** Runs that stand in many rows are their frame and prove nothing. */
function sharedRuns(rows: readonly GateRow[]): number[] {
  const held = rows.filter((row) => row.held).map(({ words }) => words);
  const heldRuns = rowCounts(held, RUN);
  const all = createPairCounts(heldRuns.size);
  const limit = frameLimit(rows.length);
  for (const { words } of rows) {
    eachGram(words, RUN, (high, low) => {
      if (heldRuns.get(high, low) > 0) all.add(high, low);
    });
  }
  return rows.flatMap((row, i) => {
    if (row.held || row.words.length < RUN) return [];
    let shared = false;
    eachGram(row.words, RUN, (high, low) => {
      const count = all.get(high, low);
      if (count > 0 && count <= limit) shared = true;
    });
    return shared ? [i] : [];
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
      const message = `${rowsWord(found.length)} share a run of 13 words with ${name}.`;
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
