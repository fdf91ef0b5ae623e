/** The exercise "find what is wrong": a set with one hidden fault, a guess, and what it really was. */
import { signal } from "@preact/signals";
import { toWire, type WireError } from "@/errors";
import { session } from "@/ui/state/core";
import { openDataset } from "@/ui/state/dataset";
import type { PracticeExercise } from "@/worker/api/data";

export const exercise = signal<PracticeExercise | null>(null);
export const guess = signal<string | null>(null);
export const practiceFault = signal<WireError | null>(null);
/** For people: how many were right, of how many. */
export const score = signal({ right: 0, of: 0 });

export async function newExercise(): Promise<void> {
  guess.value = null;
  practiceFault.value = null;
  try {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
    exercise.value = await session().practice(null, seed % 100_000);
  } catch (error) {
    practiceFault.value = toWire(error);
  }
}

/** Only the first guess counts. */
export function giveGuess(name: string): void {
  const given = exercise.value;
  if (given === null || guess.value !== null) return;
  guess.value = name;
  score.value = { right: score.value.right + (name === given.fault ? 1 : 0), of: score.value.of + 1 };
}

/** The same rows as a data set of the first room, where the checks name the lines. */
export async function openExercise(): Promise<void> {
  const given = exercise.value;
  if (given === null) return;
  location.hash = "#/";
  const file = (name: string, text: string) => ({ name, blob: new Blob([text]) });
  await openDataset({
    kind: "files",
    name: "practice.jsonl",
    train: file("practice.jsonl", given.train),
    eval: file("practice.eval.jsonl", given.held),
  });
}
