import { expect, test } from "vitest";
import { type RewardFunction, rewardAll, rewardsOf } from "@/eval/rewards";

const input = (completion: string, expected = "", tokens = 4) => ({
  ...{ prompt: "?", completion, expected, tokens, maxTokens: 8 },
});
const named = (name: string, reward: RewardFunction, weight = 1) => ({ name, weight, reward });

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

test("a reward that throws or gives no number is counted under its name and gives nothing", async () => {
  const fails = named("mine", ({ completion }) => {
    if (completion === "a") throw new Error("no a");
    return completion === "b" ? Number.NaN : 1;
  });
  const table = await rewardAll(
    [fails],
    ["a", "b", "c"].map((text) => input(text)),
  );
  expect(table.totals).toEqual([Number.NaN, Number.NaN, 1]);
  expect(table.failures).toEqual([{ name: "mine", count: 2, example: "no a" }]);
});

test("where another reward still judges, the answer keeps that one", async () => {
  const broken = named("broken", () => Number.POSITIVE_INFINITY);
  const table = await rewardAll([broken, named("fine", () => 1, 3)], [input("x")]);
  expect(table.totals).toEqual([3]);
  expect(table.failures[0]?.count).toBe(1);
});
