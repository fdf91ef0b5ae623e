/**
 * Sequences laid end to end on the engine's one token axis, and the order in which batches take rows.
 *
 * Row t of the axis looks at keys first ≤ j < last; first is where its sequence begins, last is t + 1. The output at
 * row t predicts token t + 1, so the label of token i lives at row i - 1, and a sequence's first token is no target.
 * Sizes are rounded up to a few buckets, because each size is a program of its own.
 */
import { AppError } from "@/errors";
import { createRandom, shuffle } from "@/util/random";
import { type Encoded, IGNORED } from "./encode";

/** T = tokens, L = labelled rows, both with padding. */
export interface PackedBatch {
  /** [T] ids; 0 for padding. */
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** [T] from 0 within each sequence. */
  readonly positions: Uint32Array<ArrayBuffer>;
  /** [2T] first, last of each row. A padding row sees itself alone. */
  readonly span: Uint32Array<ArrayBuffer>;
  /** [L] rows whose output predicts a labelled token; NONE for padding. */
  readonly labelRows: Uint32Array<ArrayBuffer>;
  /** [T] the inverse of labelRows; NONE for rows that predict nothing. */
  readonly labelSlots: Uint32Array<ArrayBuffer>;
  /** [L] the ids to predict; 0 for padding. */
  readonly targets: Uint32Array<ArrayBuffer>;
  /** [L] 1 for a label, 0 for padding. */
  readonly rowWeights: Float32Array<ArrayBuffer>;
  /** Without padding. */
  readonly counts: { readonly tokens: number; readonly labels: number };
}

export interface Bucket {
  readonly tokens: number;
  readonly labels: number;
}

export const NONE = 0xffffffff;

/** The smallest bucket for a size: multiples of 64, of 128 above 512, of 256 above 2048. */
export function bucketOf(size: number): number {
  const grain = size <= 512 ? 64 : size <= 2048 ? 128 : 256;
  return Math.max(1, Math.ceil(size / grain)) * grain;
}

/** The bucket that these rows need. */
export function bucketFor(rows: readonly Encoded[]): Bucket {
  const counts = countRows(rows);
  const tokens = bucketOf(counts.tokens);
  return { tokens, labels: Math.min(tokens, bucketOf(counts.labels)) };
}

/** All rows, none cut. A larger `bucket` may be asked for, to reuse a program; a smaller one is an error. */
export function packBatch(rows: readonly Encoded[], bucket: Bucket = bucketFor(rows)): PackedBatch {
  const counts = countRows(rows);
  if (counts.tokens > bucket.tokens || counts.labels > bucket.labels) {
    throw new AppError(
      "internal",
      `A batch of ${counts.tokens} tokens and ${counts.labels} labels does not fit ${bucket.tokens} and ${bucket.labels}.`,
    );
  }
  const batch: PackedBatch = {
    tokens: new Uint32Array(bucket.tokens),
    positions: new Uint32Array(bucket.tokens),
    span: new Uint32Array(2 * bucket.tokens),
    labelRows: new Uint32Array(bucket.labels).fill(NONE),
    labelSlots: new Uint32Array(bucket.tokens).fill(NONE),
    targets: new Uint32Array(bucket.labels),
    rowWeights: new Float32Array(bucket.labels),
    counts,
  };
  let at = 0;
  let slot = 0;
  for (const row of rows) {
    slot = layRow(batch, row, at, slot);
    at += row.ids.length;
  }
  for (; at < bucket.tokens; at++) batch.span.set([at, at + 1], 2 * at);
  return batch;
}

/** Writes one sequence at `start`, its labels from `slot` on; returns the next free slot. */
function layRow(batch: PackedBatch, { ids, labels }: Encoded, start: number, slot: number): number {
  let next = slot;
  for (let i = 0; i < ids.length; i++) {
    const row = start + i;
    batch.tokens[row] = ids[i] as number;
    batch.positions[row] = i;
    batch.span[2 * row] = start;
    batch.span[2 * row + 1] = row + 1;
    const target = i + 1 < ids.length ? (labels[i + 1] as number) : IGNORED;
    if (target === IGNORED) continue;
    batch.labelRows[next] = row;
    batch.labelSlots[row] = next;
    batch.targets[next] = target;
    batch.rowWeights[next] = 1;
    next++;
  }
  return next;
}

function countRows(rows: readonly Encoded[]): Bucket {
  let tokens = 0;
  let labels = 0;
  for (const row of rows) {
    tokens += row.ids.length;
    for (let i = 1; i < row.ids.length; i++) if (row.labels[i] !== IGNORED) labels++;
  }
  return { tokens, labels };
}

/** A place in the endless sequence of batches; `position` counts batches within the epoch. */
export interface BatchPlace {
  readonly epoch: number;
  readonly position: number;
}

/** The place of the n-th batch of a run, from 0. */
export function batchPlace(n: number, rowCount: number, batchSize: number): BatchPlace {
  const perEpoch = Math.ceil(rowCount / batchSize);
  return { epoch: Math.floor(n / perEpoch), position: n % perEpoch };
}

/**
 * Row indices of one batch after another, without end: each epoch takes every row once, in an order that only seed and
 * epoch decide, so a run resumes anywhere without replaying. The last batch of an epoch may be smaller.
 */
export function* batches(
  rowCount: number,
  batchSize: number,
  seed: number,
  from: BatchPlace = { epoch: 0, position: 0 },
): Generator<number[], never, void> {
  if (rowCount < 1) throw new AppError("dataset/empty", "There is no row to make a batch of.");
  for (let { epoch, position } = from; ; epoch++, position = 0) {
    const order = shuffle(
      Uint32Array.from({ length: rowCount }, (_, i) => i),
      createRandom(seed, epoch + 1),
    );
    for (let start = position * batchSize; start < rowCount; start += batchSize) {
      yield Array.from(order.subarray(start, start + batchSize));
    }
  }
}
