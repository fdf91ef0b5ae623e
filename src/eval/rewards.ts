/**
 * Rewards of sampled answers: the graders under the names that a recipe gives them, each a number for one answer. A
 * function that throws or gives no number has failed on that answer: it is counted under its name and gives nothing.
 */
import { type Check, grade } from "@/eval/graders";
import type { Recipe } from "@/train/recipe";

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

/** The check that a reward is; null for one that is no check. */
export function checkOf(spec: Spec, expected: string): Check | null {
  switch (spec.name) {
    case "exact":
      return { kind: "exact", expected };
    case "contains":
      return { kind: "contains", expected: expected.trim(), ignoreCase: false };
    case "numeric":
      return { kind: "numeric", expected: Number(expected), tolerance: 1e-6 };
    case "json":
      return { kind: "json", expected };
    case "regex":
      return { kind: "regex", pattern: spec.pattern, flags: "" };
    default:
      return null;
  }
}

/** 1 for an answer that takes up to half of what is allowed, falling to 0 for one that takes all. */
const short: RewardFunction = ({ tokens, maxTokens }) => Math.min(1, Math.max(0, 2 - (2 * tokens) / maxTokens));

/** A new reward is a line here or in `checkOf`, and its name in `REWARD_NAMES`. */
function rewardFunction(spec: Spec): RewardFunction {
  if (spec.name === "short") return short;
  return ({ completion, expected }) => {
    const check = checkOf(spec, expected);
    return check ? grade(completion, check).score : Number.NaN;
  };
}

export function rewardsOf(specs: readonly Spec[]): Reward[] {
  return specs.map((spec) => ({
    name: spec.pattern === "" ? spec.name : `${spec.name} ${spec.pattern}`,
    weight: spec.weight,
    reward: rewardFunction(spec),
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
