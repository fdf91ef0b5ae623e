/**
 * Rewards of sampled answers: the graders under the names that a recipe gives them, or someone's code in a sandbox. A
 * function that throws or gives no number has failed on that answer: it is counted under its name and gives nothing.
 * Code that failed on every answer cannot teach anything; whoever trains halts then.
 */
import { AppError } from "@/errors";
import { type Check, grade } from "@/eval/graders";
import { isUsable } from "@/eval/pattern";
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

/** A number, or a sentence of cause where there is none. */
export type Rewarded = number | string;

/** All answers of a batch at once, each gets one. */
export type RewardFunction = (inputs: readonly RewardInput[]) => readonly Rewarded[] | Promise<readonly Rewarded[]>;

/** Runs a reward that is code, within a limit. */
export type RewardRunner = (
  language: "python" | "javascript",
  code: string,
  inputs: readonly RewardInput[],
) => Promise<readonly Rewarded[]>;

export interface Reward {
  readonly name: string;
  readonly weight: number;
  readonly reward: RewardFunction;
  /** Someone's code, which must give something. */
  readonly isCode?: boolean;
}

export interface Failure {
  readonly name: string;
  readonly count: number;
  readonly example: string;
  /** Code that failed on every answer. */
  readonly fatal?: boolean;
}

/** Rewards of one batch: `totals` are weighted sums, NaN where no function gave a number. */
export interface RewardTable {
  readonly totals: readonly number[];
  /** Unweighted, by function; NaN where it failed. */
  readonly byName: ReadonlyMap<string, readonly number[]>;
  readonly failures: readonly Failure[];
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
const short = ({ tokens, maxTokens }: RewardInput) => Math.min(1, Math.max(0, 2 - (2 * tokens) / maxTokens));

/** A new reward is a line here or in `checkOf`, and its name in `REWARD_NAMES`. */
function rewardFunction(spec: Spec, runCode: RewardRunner | null): RewardFunction {
  const { name, code = "" } = spec;
  if (name === "short") return (inputs) => inputs.map(short);
  if (name === "python" || name === "javascript") {
    return async (inputs) =>
      runCode ? runCode(name, code, inputs) : inputs.map(() => `There is nothing here to run ${name} with.`);
  }
  return (inputs) =>
    inputs.map(({ completion, expected }) => {
      const check = checkOf(spec, expected);
      return check ? grade(completion, check).score : Number.NaN;
    });
}

/** Names are told apart by their pattern or place. Throws "recipe/invalid" for a reward that cannot give anything. */
export function rewardsOf(specs: readonly Spec[], runCode: RewardRunner | null = null): Reward[] {
  return specs.map((spec, place) => {
    const { name, pattern, weight, code = "" } = spec;
    const isCode = name === "python" || name === "javascript";
    if (isCode && code.trim() === "") throw unusable(place, `${name} needs its source in "code"`);
    if (name === "regex" && !isUsable(pattern)) throw unusable(place, `its pattern is not one of RE2`);
    const again = specs.findIndex((other) => other.name === name && other.pattern === pattern) < place;
    const told = [name, pattern, again ? `${place + 1}` : ""].filter((part) => part !== "").join(" ");
    return { name: told, weight, isCode, reward: rewardFunction(spec, runCode) };
  });
}

function unusable(place: number, why: string): AppError {
  return new AppError("recipe/invalid", `The recipe does not fit: grpo.rewards.${place}: ${why}.`, {
    hint: "Correct the named fields; docs/recipe.md lists each with its range.",
  });
}

export async function rewardAll(rewards: readonly Reward[], inputs: readonly RewardInput[]): Promise<RewardTable> {
  const byName = new Map<string, number[]>();
  const failures: Failure[] = [];
  for (const { name, reward, isCode } of rewards) {
    const given = await attempt(reward, inputs);
    const faults = given.filter((value) => typeof value === "string");
    byName.set(
      name,
      given.map((value) => (typeof value === "string" ? Number.NaN : value)),
    );
    const fatal = isCode === true && inputs.length > 0 && faults.length === inputs.length;
    if (faults.length > 0) failures.push({ name, count: faults.length, example: faults[0] ?? "", fatal });
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

/** One number or cause an answer, whatever the function does. */
async function attempt(reward: RewardFunction, inputs: readonly RewardInput[]): Promise<Rewarded[]> {
  try {
    const given = await reward(inputs);
    return inputs.map((_, i) => {
      const value = given[i];
      return typeof value === "string" || Number.isFinite(value) ? (value as Rewarded) : `it gave ${String(value)}`;
    });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return inputs.map(() => cause);
  }
}
