import { expect, test } from "vitest";
import { admit, plan, type Sequence, sharePrompts, takeCopies } from "@/model/generation-rows";

const LENGTH = 100;
const admitted = (...prompts: (readonly number[])[]): Sequence[] => {
  const requests = prompts.map((prompt) => ({ prompt }));
  return requests.map((_, i) => admit(requests, i, i, LENGTH, 5));
};
const count = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const counts = (active: readonly Sequence[]) => plan(active).map((stretch) => stretch.count);

test("equal prompts are read once: the first is fed but for its last token, the others copy it, then all feed theirs", () => {
  const prompt = count(0, 12);
  const active = admitted(prompt, prompt, prompt);
  sharePrompts(active, []);
  expect(counts(active)).toEqual([11]);
  expect(takeCopies(active, LENGTH)).toEqual([]);
  for (const sequence of active.slice(0, 1)) sequence.cached = 11;
  const copies = takeCopies(active, LENGTH);
  expect(copies.length).toBe(22);
  expect(copies.at(-1)).toEqual({ from: 10, to: 210 });
  expect(counts(active)).toEqual([1, 1, 1]);
  expect(takeCopies(active, LENGTH)).toEqual([]);
});

test("a common beginning is shared as far as it goes, with whoever has the most, also one that is under way", () => {
  const there = admitted([...count(0, 10), 90, 91]);
  for (const sequence of there) sequence.cached = 12;
  const fresh = admitted([...count(0, 10), 80, 81, 82], [...count(0, 10), 80, 81, 83, 84]);
  sharePrompts(fresh, there);
  expect(fresh.map(({ shares }) => shares?.count)).toEqual([10, 10]);
  expect(takeCopies([...there, ...fresh], LENGTH).length).toBe(20);
  expect(counts([...there, ...fresh])).toEqual([3, 4]);
});

test("short beginnings are not worth a pass of their own", () => {
  const active = admitted(count(0, 8), count(0, 8));
  sharePrompts(active, []);
  expect(counts(active)).toEqual([8, 8]);
});
