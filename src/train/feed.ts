/** What a run learns from, step by step, and what it is measured on in between. */
import type { Encoded } from "@/data/encode";
import { type Bucket, batches, batchPlace } from "@/data/pack";
import type { Objective, Scalars } from "@/train/objective";
import { type Item, largestBucket } from "@/train/packing";
import type { Recipe } from "@/train/recipe";
import type { Scorer } from "@/train/scorer";

export interface StepRows<S extends Encoded> {
  /** Indices of the training rows, per micro-batch. */
  readonly rows: readonly (readonly number[])[];
  /** Sequences of each micro-batch. */
  readonly window: readonly Item<S>[];
  readonly scalars: Scalars;
  /** For people, said once each. */
  readonly warnings: readonly string[];
}

export interface HeldOut {
  /** Absent where there is no loss without sampling. */
  readonly loss?: number;
  readonly scalars: Scalars;
}

export interface Feed<S extends Encoded = Encoded> {
  /** The largest batch that will come. */
  readonly largest: Bucket;
  /** Sequences whose reference is wanted before the first step. */
  readonly precompute: readonly S[];
  /** May use the device; the trainer calls it between steps. */
  next(step: number): Promise<StepRows<S>>;
  /** Whether a run may go on from here: a feed that serves several steps from one sampling cannot be cut in between. */
  atBoundary(step: number): boolean;
  /** Whether a run may take its first step before its first look at held-out rows. */
  readonly looksLater: boolean;
  /** Absent where nothing is held out. */
  readonly heldOut?: (scorer: Scorer, step: number) => Promise<HeldOut>;
  release(): void;
}

export type Order = Iterator<readonly number[], unknown, void>;

export interface ItemFeed<S extends Encoded> {
  readonly train: readonly Item<S>[];
  readonly held: readonly Item<S>[];
  readonly recipe: Recipe;
  /** Judges the held-out items. */
  readonly measure: Objective<S>;
  readonly precompute?: boolean;
  /** Item indices of each micro-batch; by default every item once an epoch, shuffled by the recipe's seed. */
  readonly order?: Order | undefined;
  /** Steps that were done before. */
  readonly from?: number | undefined;
}

/** Items that are there from the beginning: rows of SFT, pairs of DPO. */
export function itemFeed<S extends Encoded>(options: ItemFeed<S>): Feed<S> {
  const { train, held, recipe, measure, precompute = false } = options;
  const order = options.order ?? orderFrom(train.length, recipe, (options.from ?? 0) * recipe.batch.accumulate);
  return {
    largest: largestBucket([train, held], recipe.batch.size),
    precompute: precompute ? train.flat() : [],
    next: async () => {
      const rows = Array.from({ length: recipe.batch.accumulate }, () => nextRows(order));
      const window = rows.map((indices) => indices.flatMap((i) => train[i] ?? []));
      return { rows, window, scalars: {}, warnings: [] };
    },
    atBoundary: () => true,
    looksLater: true,
    ...(held.length > 0 ? { heldOut: (scorer: Scorer) => judgeAll(scorer, measure, held) } : {}),
    release: () => {},
  };
}

/** The order of a recipe's batches, from the n-th on. */
export function orderFrom(rows: number, { batch, seed }: Recipe, n: number): Order {
  return batches(rows, batch.size, seed, batchPlace(n, rows, batch.size));
}

/** How many rows the first n batches take; the last batch of an epoch may be smaller. */
export function rowsBefore(rows: number, { batch }: Recipe, n: number): number {
  const { epoch, position } = batchPlace(n, rows, batch.size);
  return epoch * rows + position * batch.size;
}

export function nextRows(order: Order): readonly number[] {
  const next = order.next();
  return next.done ? [] : next.value;
}

async function judgeAll<S extends Encoded>(
  scorer: Scorer,
  objective: Objective<S>,
  items: readonly Item<S>[],
): Promise<HeldOut> {
  const sequences = items.flat();
  const logps = await scorer.policy(sequences);
  if (objective.reference) await scorer.keepReference(sequences);
  const references = objective.reference ? await scorer.reference(sequences) : [];
  const none = new Float32Array();
  const scored = sequences.map((sequence, i) => ({
    sequence,
    logp: logps[i] ?? none,
    reference: references[i] ?? none,
  }));
  const labels = logps.reduce((sum, { length }) => sum + length, 0);
  const { loss, scalars } = objective.judge(scored, { sequences: sequences.length, labels });
  return { loss, scalars };
}
