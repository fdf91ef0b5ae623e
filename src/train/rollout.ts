/**
 * The feed of GRPO: G answers to each prompt, sampled on the device, rewarded, and turned into sequences with an
 * advantage. A batch of answers serves `numIterations` steps; then the model, changed by now, answers anew.
 */

import type { Question } from "@/data/dataset-types";
import { type Encoded, IGNORED } from "@/data/encode";
import { type Bucket, bucketOf } from "@/data/pack";
import { AppError } from "@/errors";
import { type Reward, type RewardTable, rewardAll } from "@/eval/rewards";
import type { DeviceBuffer } from "@/graph/target";
import { createGenerator, type GeneratorShape } from "@/model/generate";
import type { Runtime } from "@/model/runtime";
import type { Trainable } from "@/model/trainable";
import { type Feed, nextRows, type Order, orderFrom, rowsBefore, type StepRows } from "@/train/feed";
import { advantages, type Completion, spread } from "@/train/grpo";
import type { Recipe } from "@/train/recipe";
import { createWarnings, isFlat } from "@/train/rollout-warnings";

export interface RolloutOptions {
  readonly runtime: Runtime;
  readonly layout: Trainable;
  readonly adapter: DeviceBuffer;
  readonly recipe: Recipe;
  readonly train: readonly Question[];
  readonly held: readonly Question[];
  readonly rewards: readonly Reward[];
  readonly decode: (ids: readonly number[]) => string;
  readonly stopIds: readonly number[];
  readonly order?: Order;
  /** Steps that were done before, a multiple of `numIterations`. */
  readonly from?: number | undefined;
}

/** Places and length of the sampler: all answers of a micro-batch at once. */
export function rolloutShape(questions: readonly Question[], { grpo, batch }: Recipe): GeneratorShape {
  const longest = Math.max(0, ...questions.map(({ promptIds }) => promptIds.length));
  return { sequences: batch.size * grpo.numGenerations, length: longest + grpo.maxCompletionLength };
}

export function rolloutBucket({ sequences, length }: GeneratorShape, { grpo }: Recipe): Bucket {
  const tokens = bucketOf(sequences * length);
  return { tokens, labels: Math.min(tokens, bucketOf(sequences * grpo.maxCompletionLength)) };
}

export function rolloutFeed(options: RolloutOptions): Feed<Completion> {
  const { runtime, layout, adapter, recipe, train, held } = options;
  const { grpo, batch, seed } = recipe;
  const shape = rolloutShape([...train, ...held], recipe);
  const generator = createGenerator(runtime, { layout, buffer: adapter }, shape);
  const done = Math.floor((options.from ?? 0) / grpo.numIterations) * batch.accumulate;
  const order = options.order ?? orderFrom(train.length, recipe, done);
  const answer = async (questions: readonly Question[], temperature: number, first: number, step: number) => {
    const answers = await generator.run(
      questions.map(({ promptIds }, i) => ({ prompt: promptIds, key: first + i })),
      {
        ...{ maxTokens: grpo.maxCompletionLength, temperature, seed, stopIds: options.stopIds, keepStop: true },
        adapterScale: layout.scale,
      },
    );
    const table = await rewardAll(
      options.rewards,
      answers.map((ids, i) => ({
        prompt: questions[i]?.prompt ?? "",
        completion: options.decode(ids),
        expected: questions[i]?.expected ?? "",
        tokens: ids.length,
        maxTokens: grpo.maxCompletionLength,
      })),
    );
    requireRewards(table, step);
    return { answers, table };
  };

  let current: StepRows<Completion> | undefined;
  // Numbers the answers of a run; each number has random draws of its own.
  let sampled = grpo.numGenerations * rowsBefore(train.length, recipe, done);
  const warn = createWarnings();
  const sampleWindow = async (step: number): Promise<StepRows<Completion>> => {
    const rows = Array.from({ length: recipe.batch.accumulate }, () => nextRows(order));
    const questions = rows.flat().flatMap((i) => repeat(train[i], grpo.numGenerations));
    const { answers, table } = await answer(questions, grpo.temperature, sampled, step);
    sampled += questions.length;
    const groups = chunks(table.totals, grpo.numGenerations);
    const gains = advantages(groups, grpo.scaleRewards).flat();
    const completions = answers.map((ids, i) => completion(questions[i]?.promptIds ?? [], ids, gains[i] ?? 0));
    const sizes = rows.map(({ length }) => length * grpo.numGenerations);
    const ended = answers.map((ids) => options.stopIds.includes(ids.at(-1) ?? -1));
    const texts = chunks(
      answers.map((ids, i) => (ids.length <= 1 && ended[i] ? "" : "said")),
      grpo.numGenerations,
    );
    return {
      rows,
      window: cut(completions, sizes),
      scalars: scalarsOf(table, groups, answers, ended),
      warnings: warn(table, groups, texts),
    };
  };
  return {
    largest: rolloutBucket(shape, recipe),
    precompute: [],
    next: async (step) => {
      if (!current || step % grpo.numIterations === 0) current = await sampleWindow(step);
      else current = { ...current, warnings: [] };
      return current;
    },
    // Its first step samples as a look does, and says by its rewards at once when they cannot work.
    looksLater: false,
    atBoundary: (step) => step % grpo.numIterations === 0,
    ...(held.length > 0
      ? {
          heldOut: async (_, step) => {
            const { totals } = (await answer(held.slice(0, recipe.evaluate.cases), 0, 0, step)).table;
            return { scalars: { reward: spread(totals).mean } };
          },
        }
      : {}),
    release: generator.release,
  };
}

/** Without a reward that the recipe asks for, training would go somewhere else. `step`: how many were done. */
function requireRewards({ failures }: RewardTable, step: number): void {
  const failed = failures.find(({ fatal }) => fatal);
  if (!failed) return;
  const kept = step === 0 ? "as it was at the start" : `of step ${step}`;
  throw new AppError(
    "run/reward",
    `The reward "${failed.name}" failed on all ${failed.count} answers after step ${step}: ${failed.example} The adapter is the one ${kept}.`,
    { hint: "Correct the reward's code; then resume the run, or start it again." },
  );
}

function completion(prompt: readonly number[], answer: readonly number[], advantage: number): Completion {
  const ids = Uint32Array.from([...prompt, ...answer]);
  const labels = Int32Array.from(ids, (id, i) => (i < prompt.length ? IGNORED : id));
  return { ids, labels, advantage } satisfies Encoded & { advantage: number };
}

/** Under TRL's names. */
function scalarsOf(
  { totals, byName, failures }: RewardTable,
  groups: readonly (readonly number[])[],
  answers: readonly (readonly number[])[],
  ended: readonly boolean[],
): Record<string, number> {
  const share = (flags: readonly boolean[]) => flags.filter(Boolean).length / Math.max(1, flags.length);
  const perFunction = [...byName].map(([name, values]) => [`rewards/${name}/mean`, spread(values).mean] as const);
  return {
    reward: spread(totals).mean,
    reward_std: spread(totals).deviation,
    frac_reward_zero_std: share(groups.map(isFlat)),
    "completions/mean_length": answers.reduce((sum, { length }) => sum + length, 0) / Math.max(1, answers.length),
    "completions/clipped_ratio": share(ended.map((end) => !end)),
    ...(byName.size > 1 ? Object.fromEntries(perFunction) : {}),
    ...Object.fromEntries(failures.map(({ name, count }) => [`rewards/${name}/errors`, count])),
  };
}

const repeat = <T>(value: T | undefined, count: number): T[] =>
  value === undefined ? [] : Array.from({ length: count }, () => value);

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function cut<T>(values: readonly T[], sizes: readonly number[]): T[][] {
  let at = 0;
  return sizes.map((size) => {
    const from = at;
    at += size;
    return values.slice(from, at);
  });
}
