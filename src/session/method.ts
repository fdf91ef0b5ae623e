/** What a recipe's method brings to the trainer: its objective and its feed, made from the dataset. */
import type { Dataset } from "@/data/dataset-types";
import type { Bucket } from "@/data/pack";
import { rewardsOf } from "@/eval/rewards";
import { sandboxRewards } from "@/eval/sandbox/judges";
import type { Sandbox } from "@/eval/sandbox/sandbox";
import type { GeneratorShape } from "@/model/generate";
import type { LoadedAdapter } from "@/session/answers";
import { stopIdsOf } from "@/session/answers";
import type { OpenModel } from "@/session/open-model";
import { dpo } from "@/train/dpo";
import { itemFeed, nextRows, type Order, orderFrom } from "@/train/feed";
import { grpo } from "@/train/grpo";
import type { Head } from "@/train/objective";
import { type Item, largestBucket } from "@/train/packing";
import type { Recipe } from "@/train/recipe";
import { rolloutBucket, rolloutFeed, rolloutShape } from "@/train/rollout";
import { sft } from "@/train/sft";
import { type TrainerEvent, type TrainingWay, train } from "@/train/trainer";

export interface MethodOptions extends TrainingWay {
  readonly order?: Order;
  /** For rewards that are code. */
  readonly sandbox?: Sandbox | undefined;
}

/** The events of a run; nothing happens before the first is asked for. */
export function trainMethod(
  model: OpenModel,
  dataset: Dataset,
  recipe: Recipe,
  { layout, buffer }: LoadedAdapter,
  { order, sandbox, ...way }: MethodOptions = {},
): AsyncGenerator<TrainerEvent, void, void> {
  const run = { runtime: model.runtime, layout, adapter: buffer, recipe, ...way };
  const from = way.from?.step;
  if (recipe.method === "grpo") {
    const { tokenizer } = model;
    const feed = rolloutFeed({
      ...run,
      train: dataset.questions ?? [],
      held: dataset.eval,
      rewards: rewardsOf(recipe.grpo.rewards, sandbox ? sandboxRewards(sandbox) : null),
      decode: (ids) => tokenizer.decode([...ids], { skipSpecial: true }),
      stopIds: stopIdsOf(model),
      from,
      ...(order ? { order } : {}),
    });
    return train({ ...run, objective: grpo(recipe.grpo), feed });
  }
  const objective = recipe.method === "dpo" ? dpo(recipe.dpo) : sft(recipe.sft);
  // Held-out loss is the plain one, so that runs with other training losses compare.
  const measure = recipe.method === "dpo" ? objective : sft({ lossType: "nll" });
  const { train: items, held } = itemsOf(dataset);
  const precompute = recipe.method === "dpo" && recipe.dpo.precomputeReference;
  return train({ ...run, objective, feed: itemFeed({ train: items, held, recipe, measure, precompute, order, from }) });
}

function itemsOf({ train, eval: held, pairs }: Dataset) {
  return pairs ?? { train: train.map((row) => [row]), held: held.map((row) => [row]) };
}

/** The items of each step from there on, by micro-batch; null where they are sampled. */
export function windowsOf(dataset: Dataset, recipe: Recipe, done: number): Iterator<readonly Item[], void> | null {
  return recipe.method === "grpo" ? null : eachWindow(itemsOf(dataset).train, recipe, done);
}

function* eachWindow(train: readonly Item[], recipe: Recipe, done: number): Generator<readonly Item[], void> {
  const { accumulate } = recipe.batch;
  const order = orderFrom(train.length, recipe, done * accumulate);
  for (;;) yield Array.from({ length: accumulate }, () => nextRows(order).flatMap((i) => train[i] ?? []));
}

export interface MethodWork {
  readonly largest: Bucket;
  readonly head: Head;
  /** Copies of what is trained besides the one that trains. */
  readonly adapterCopies: number;
  /** Of the sampler that lives as long as the run; null for methods that sample nothing. */
  readonly sampler: GeneratorShape | null;
}

/** An adapter that is new is switched off to be compared with its start; all else is copied. */
const keepsStart = ({ trains, start }: Recipe) => trains === "full" || start === "adapter";

/** What a run of this method needs at its largest. */
export function methodWork(dataset: Dataset, recipe: Recipe): MethodWork {
  const { method, batch } = recipe;
  if (method === "grpo") {
    const { head, reference } = grpo(recipe.grpo);
    const sampler = rolloutShape([...(dataset.questions ?? []), ...dataset.eval], recipe);
    const adapterCopies = reference && keepsStart(recipe) ? 1 : 0;
    return { largest: rolloutBucket(sampler, recipe), head, adapterCopies, sampler };
  }
  const { train, held } = itemsOf(dataset);
  const { head, reference } = method === "dpo" ? dpo(recipe.dpo) : sft(recipe.sft);
  const adapterCopies = reference && keepsStart(recipe) ? 1 : 0;
  return { largest: largestBucket([train, held], batch.size), head, adapterCopies, sampler: null };
}
