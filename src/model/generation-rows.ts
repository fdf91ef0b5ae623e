/**
 * Which tokens of which sequences make a pass of generation, and its input rows: where each row's key and value go in
 * the cache, what it sees, and which rows end a sequence and draw its next token.
 */
import { AppError } from "@/errors";

/** Rows of a prompt pass. */
export const PROMPT_ROWS = 128;
const NONE = 0xffffffff;

export interface Sequence {
  readonly request: number;
  readonly slot: number;
  readonly tokens: number[];
  readonly promptLength: number;
  /** Tokens whose keys and values are in the cache, or will be once all that is enqueued has run. */
  cached: number;
  /** Its first tokens are another's too, whose rows of the cache are copied once they are there. */
  shares: { readonly with: Sequence; readonly count: number } | undefined;
  /** How far a prompt goes before others copy from it; all of it when nobody waits. */
  firstStop: number;
}

/** Fewer equal tokens are not worth a pass of their own. */
const LEAST_SHARED = 8;

export interface Stretch {
  readonly sequence: Sequence;
  readonly count: number;
}

export function admit(
  requests: readonly { readonly prompt: readonly number[] }[],
  request: number,
  slot: number,
  length: number,
  maxTokens: number,
): Sequence {
  const prompt = requests[request]?.prompt ?? [];
  if (prompt.length === 0 || prompt.length >= length) {
    throw new AppError(
      "usage",
      `A prompt of ${prompt.length} tokens does not fit a window of ${length} with ${maxTokens} new ones.`,
      {
        hint: "Shorten the prompt or ask for fewer tokens.",
      },
    );
  }
  const own = { tokens: [...prompt], promptLength: prompt.length, cached: 0 };
  return { request, slot, ...own, shares: undefined, firstStop: prompt.length };
}

/**
 * Prompts that begin alike are read once: a group's answers to one prompt, a suite's cases behind one system prompt. The
 * last token of a prompt is always fed, since a draw comes out of it. `fresh`: just admitted, behind those that are `there`.
 */
export function sharePrompts(fresh: readonly Sequence[], there: readonly Sequence[]): void {
  for (const [i, sequence] of fresh.entries()) {
    let best: Sequence["shares"];
    for (const other of [...there, ...fresh.slice(0, i)]) {
      if (other.shares) continue;
      const most = Math.min(sequence.promptLength, other.promptLength) - 1;
      let count = 0;
      while (count < most && other.tokens[count] === sequence.tokens[count]) count++;
      if (count >= LEAST_SHARED && count > (best?.count ?? 0)) best = { with: other, count };
    }
    if (!best) continue;
    sequence.shares = best;
    best.with.firstStop = Math.min(best.with.firstStop, best.with.promptLength - 1);
  }
}

export interface Copy {
  /** Rows of the cache. */
  readonly from: number;
  readonly to: number;
}

/** Copies whose source is there by now, for a cache of `length` rows a sequence; they count as cached from here on. */
export function takeCopies(active: readonly Sequence[], length: number): Copy[] {
  const copies: Copy[] = [];
  for (const sequence of active) {
    const { shares } = sequence;
    if (!shares || shares.with.cached < shares.count) continue;
    for (let i = 0; i < shares.count; i++) {
      copies.push({ from: shares.with.slot * length + i, to: sequence.slot * length + i });
    }
    sequence.cached = shares.count;
    sequence.shares = undefined;
  }
  return copies;
}

/** Whether another pass may follow unread: each sequence has drawn its next token, and has room and leave for one more. */
export function goesOn(
  stretches: readonly (Stretch & { readonly ends: boolean })[],
  active: readonly Sequence[],
  { length, maxTokens }: { readonly length: number; readonly maxTokens: number },
): boolean {
  const drawn = ({ cached, promptLength }: Sequence) => cached + 1 - promptLength;
  return (
    stretches.length === active.length &&
    stretches.every(({ ends, sequence }) => ends && sequence.cached + 1 < length && drawn(sequence) < maxTokens)
  );
}

/** Which tokens go into the next pass: prompts first, as wide as a pass is; else one token of every sequence. */
export function plan(active: readonly Sequence[]): Stretch[] {
  const stretches: Stretch[] = [];
  let room = PROMPT_ROWS;
  for (const sequence of active) {
    const { cached, firstStop, tokens } = sequence;
    if (cached >= sequence.promptLength || sequence.shares || room === 0) continue;
    const count = Math.min((cached < firstStop ? firstStop : tokens.length) - cached, room);
    stretches.push({ sequence, count });
    room -= count;
  }
  return stretches.length > 0 ? stretches : active.map((sequence) => ({ sequence, count: 1 }));
}

export function packRows(
  stretches: readonly Stretch[],
  length: number,
  rows: number,
  samples: number,
  keyOf: readonly number[],
) {
  const tokens = new Uint32Array(rows);
  const positions = new Uint32Array(rows);
  const cacheSlots = new Uint32Array(rows).fill(NONE);
  const span = new Uint32Array(rows * 2);
  const lastRows = new Uint32Array(samples).fill(NONE);
  const keys = new Uint32Array(samples);
  let row = 0;
  stretches.forEach(({ sequence, count }, i) => {
    for (let position = sequence.cached; position < sequence.cached + count; position++, row++) {
      const at = sequence.slot * length + position;
      tokens[row] = sequence.tokens[position] ?? 0;
      positions[row] = position;
      cacheSlots[row] = at;
      span[row * 2] = sequence.slot * length;
      span[row * 2 + 1] = at + 1;
    }
    lastRows[i] = row - 1;
    // The stream moves with the position, so that a sequence draws anew for each token.
    keys[i] = (Math.imul(keyOf[sequence.request] ?? 0, 0x9e3779b1) + sequence.cached + count) >>> 0;
  });
  // Padding rows see one cache row, so that their softmax has something to divide by.
  for (; row < rows; row++) span[row * 2 + 1] = 1;
  return { tokens, positions, cacheSlots, span, lastRows, keys };
}

/** Rows of the cache as they are copied, filled up to `rows` with a source of zeros and no place to go. */
export function packCopies(copies: readonly Copy[], rows: number) {
  const from = new Uint32Array(rows).fill(NONE);
  const to = new Uint32Array(rows).fill(NONE);
  copies.forEach((copy, i) => {
    from[i] = copy.from;
    to[i] = copy.to;
  });
  return { from, to };
}

export const roundTo = (count: number, tile: number) => Math.ceil(count / tile) * tile;

/** Few sizes, so that few programs are compiled: powers of two from the target's row tile. */
export function rowsFor(count: number, tile: number): number {
  let rows = tile;
  while (rows < count) rows *= 2;
  return rows;
}
