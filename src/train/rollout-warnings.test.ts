import { describe, expect, test } from "vitest";
import { rewardAll } from "@/eval/rewards";
import { advantages } from "@/train/grpo";
import { createWarnings, isFlat } from "@/train/rollout-warnings";

const table = (totals: readonly number[], failures = [] as { name: string; count: number; example: string }[]) => ({
  ...{ totals, failures, byName: new Map([["mine", totals]]) },
});
const SAID = [
  ["a", "b"],
  ["c", "d"],
];

describe("nothing to learn", () => {
  const flat = [
    [0, 0],
    [0, 0],
  ];

  test("is said after five samplings in a row, once", () => {
    const warn = createWarnings();
    const heard = Array.from({ length: 12 }, () => warn(table([0, 0, 0, 0]), flat, SAID));
    expect(heard.slice(0, 4).flat()).toEqual([]);
    expect(heard[4]?.[0]).toMatch(/nothing to learn: for 5 samplings in a row no answer gets any reward/);
    expect(heard.slice(5).flat()).toEqual([]);
  });

  test("is not said where one group in between had something to learn", () => {
    const warn = createWarnings();
    const lively = [
      [0, 1],
      [0, 0],
    ];
    const heard = Array.from({ length: 12 }, (_, i) => warn(table([0, 0, 0, 0]), i % 4 === 3 ? lively : flat, SAID));
    expect(heard.flat()).toEqual([]);
  });

  test("names the reward that all answers get", () => {
    const warn = createWarnings();
    const full = [[1, 1]];
    const heard = Array.from({ length: 5 }, () => warn(table([1, 1]), full, [["a", "b"]]));
    expect(heard.flat()[0]).toMatch(/all answers get 1\.00/);
  });
});

test("a group all of whose answers are empty is told, one empty answer is not", () => {
  const warn = createWarnings();
  const groups = [
    [0, 1],
    [1, 0],
  ];
  const one = [
    ["", "a"],
    ["b", "c"],
  ];
  const all = [
    ["", ""],
    ["b", "c"],
  ];
  expect(warn(table([0, 1, 1, 0]), groups, one)).toEqual([]);
  expect(warn(table([0, 1, 1, 0]), groups, all)).toEqual([
    "All answers to one prompt were empty: the model ended at once, each time.",
  ]);
});

test("a reward that throws or gives NaN is told with its name and first error, and teaches nothing", async () => {
  const inputs = ["a", "b", "c", "c"].map((completion) => ({
    ...{ prompt: "", completion, expected: "", tokens: 1, maxTokens: 8 },
  }));
  const reward = () => ["no such key", Number.NaN, 1, 1];
  const judged = await rewardAll([{ name: "mine", weight: 1, reward }], inputs);
  const groups = [judged.totals.slice(0, 2), judged.totals.slice(2)];
  const [said] = createWarnings()(judged, groups, SAID);
  expect(said).toMatch(/"mine" failed on 2 of 4 answers: no such key/);
  expect(groups.every(isFlat)).toBe(true);
  expect(advantages(groups, "group").flat()).toEqual([0, 0, 0, 0]);
});
