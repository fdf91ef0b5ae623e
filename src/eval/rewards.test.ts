import { expect, test } from "vitest";
import { type RewardInput, rewardAll, rewardsOf } from "@/eval/rewards";

const input = (completion: string, expected = "", tokens = 4) => ({
  ...{ prompt: "?", completion, expected, tokens, maxTokens: 8 },
});
const named = (name: string, each: (input: RewardInput) => number, weight = 1) => ({
  ...{ name, weight, reward: (inputs: readonly RewardInput[]) => inputs.map(each) },
});

test("named rewards are the graders, weighted and summed", async () => {
  const rewards = rewardsOf([
    { name: "json", weight: 1, pattern: "" },
    { name: "short", weight: 0.5, pattern: "" },
    { name: "regex", weight: 2, pattern: "^\\{" },
  ]);
  const wanted = '{"a":"b","c":"d"}';
  const table = await rewardAll(rewards, [input('{"c":"d","a":"b"}', wanted), input('say {"a":"b"}', wanted, 8)]);
  expect(table.totals[0]).toBeCloseTo(1 + 0.5 + 2);
  expect(table.totals[1]).toBeCloseTo(0.2 + 0.8 / 2);
  expect([...table.byName.keys()]).toEqual(["json", "short", "regex ^\\{"]);
  expect(table.failures).toEqual([]);
});

test("an answer that a reward gives no number for is counted under its name and gets nothing", async () => {
  const reward = () => ["no a", Number.NaN, 1];
  const fails = { name: "mine", weight: 1, reward };
  const table = await rewardAll(
    [fails],
    ["a", "b", "c"].map((text) => input(text)),
  );
  expect(table.totals).toEqual([Number.NaN, Number.NaN, 1]);
  expect(table.failures).toEqual([{ name: "mine", count: 2, example: "no a", fatal: false }]);
});

test("where another reward still judges, the answer keeps that one", async () => {
  const broken = named("broken", () => Number.POSITIVE_INFINITY);
  const table = await rewardAll([broken, named("fine", () => 1, 3)], [input("x")]);
  expect(table.totals).toEqual([3]);
  expect(table.failures[0]?.count).toBe(1);
});

test("a reward that throws, or gives too few numbers, gives none", async () => {
  const throws = named("throws", () => {
    throw new Error("no");
  });
  const few = { name: "few", weight: 1, reward: () => [1] };
  const { failures, totals } = await rewardAll([throws, few], [input("a"), input("b")]);
  expect(failures).toMatchObject([
    { name: "throws", count: 2, example: "no", fatal: false },
    { name: "few", count: 1, example: "it gave undefined" },
  ]);
  expect(totals).toEqual([1, Number.NaN]);
});

test("code is run for all answers at once; when it gives nothing for any of them, that is fatal", async () => {
  const asked: unknown[] = [];
  const rewards = rewardsOf([{ name: "python", weight: 2, pattern: "", code: "x" }], async (language, code, inputs) => {
    asked.push([language, code, inputs.length]);
    return inputs.map(({ completion }) => (completion === "" ? "nothing" : 0.5));
  });
  const some = await rewardAll(rewards, [input("a"), input("")]);
  expect(some.totals).toEqual([1, Number.NaN]);
  expect(some.failures).toMatchObject([{ count: 1, example: "nothing", fatal: false }]);
  expect((await rewardAll(rewards, [input(""), input("")])).failures).toMatchObject([{ count: 2, fatal: true }]);
  expect(asked).toEqual([
    ["python", "x", 2],
    ["python", "x", 2],
  ]);
});

test("a reward that cannot give anything is refused before a run", () => {
  expect(() => rewardsOf([{ name: "javascript", weight: 1, pattern: "" }])).toThrow(/needs its source/);
  expect(() => rewardsOf([{ name: "regex", weight: 1, pattern: "(?=a)" }])).toThrow(/grpo.rewards.0.*RE2/);
});
