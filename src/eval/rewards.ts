/**
 * Rewards of sampled answers: the graders under the names that a recipe gives them, each a number for one answer. A
 * function that throws or gives no number has failed on that answer: it is counted under its name and gives nothing.
 */
import { type Check, grade } from "@/eval/graders";
import type { Recipe, RewardName } from "@/train/recipe";

export interface RewardInput {
  readonly prompt: string;
  /** The answer, special tokens left out. */
  readonly completion: string;
  /** What the row gives as its answer; empty where it has none. */
  readonly expected: string;
  /** Tokens of the answer, its end included, and the most that were allowed. */
  readonly tokens: number;
  readonly maxTokens: number;
}

export type RewardFunction = (input: RewardInput) => number | Promise<number>;

export interface Reward {
  readonly name: string;
  readonly weight: number;
  readonly reward: RewardFunction;
}

/** Rewards of one batch: `totals` are weighted sums, NaN where no function gave a number. */
export interface RewardTable {
  readonly totals: readonly number[];
  /** Unweighted, by function; NaN where it failed. */
  readonly byName: ReadonlyMap<string, readonly number[]>;
  readonly failures: readonly { readonly name: string; readonly count: number; readonly example: string }[];
}

type Spec = Recipe["grpo"]["rewards"][number];

const graded = (check: (input: RewardInput, spec: Spec) => Check) => (spec: Spec) => (input: RewardInput) =>
  grade(input.completion, check(input, spec)).score;

/** A new reward is one line here and its name in `REWARD_NAMES`. */
export const REWARDS: Readonly<Record<RewardName, (spec: Spec) => RewardFunction>> = {
  exact: graded(({ expected }) => ({ kind: "exact", expected })),
  contains: graded(({ expected }) => ({ kind: "contains", expected: expected.trim(), ignoreCase: false })),
  numeric: graded(({ expected }) => ({ kind: "numeric", expected: Number(expected), tolerance: 1e-6 })),
  json: graded(({ expected }) => ({ kind: "json", expected })),
  regex: graded((_, { pattern }) => ({ kind: "regex", pattern, flags: "" })),
  /** 1 for an answer that ended by itself, falling to 0 over the second half of what is allowed. */
  short: () => (input) => Math.min(1, Math.max(0, 2 - (2 * input.tokens) / input.maxTokens)),
};

export function rewardsOf(specs: readonly Spec[]): Reward[] {
  return specs.map((spec) => ({
    name: spec.pattern === "" ? spec.name : `${spec.name} ${spec.pattern}`,
    weight: spec.weight,
    reward: REWARDS[spec.name](spec),
  }));
}

export async function rewardAll(rewards: readonly Reward[], inputs: readonly RewardInput[]): Promise<RewardTable> {
  const byName = new Map<string, number[]>();
  const failures: { name: string; count: number; example: string }[] = [];
  for (const { name, reward } of rewards) {
    const faults: string[] = [];
    const values: number[] = [];
    for (const input of inputs) values.push(await attempt(reward, input, faults));
    byName.set(name, values);
    if (faults.length > 0) failures.push({ name, count: faults.length, example: faults[0] ?? "" });
  }
  const totals = inputs.map((_, i) => {
    const given = rewards.flatMap(({ name, weight }) => {
      const value = byName.get(name)?.[i] ?? Number.NaN;
      return Number.isNaN(value) ? [] : [weight * value];
    });
    return given.length === 0 ? Number.NaN : given.reduce((a, b) => a + b, 0);
  });
  return { totals, byName, failures };
}

async function attempt(reward: RewardFunction, input: RewardInput, faults: string[]): Promise<number> {
  try {
    const value = await reward(input);
    if (Number.isFinite(value)) return value;
    faults.push(`it gave ${String(value)}`);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  return Number.NaN;
}
