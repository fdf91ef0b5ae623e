/**
 * How many calls go into one submit. Many cost little to send; but a submit cannot be interrupted, and while it runs the
 * page's own drawing waits. So a program's first run goes out in small pieces whose times are taken as they end, and
 * from then on its calls travel in pieces of about BUDGET_MS. A piece's mean hides which of its calls is the long one, so
 * the next few runs are watched too, and what still takes too long is halved.
 */

/** Half of what a page may stall without being felt as stuck, because the times are estimates. */
const BUDGET_MS = 50;
const LIMIT_MS = 75;
const FIRST_PIECE = 8;
const WATCHED_RUNS = 6;
/** A device that reports nothing but zeros still gets pieces of this length. */
const LONGEST = 512;

export function firstPieces(calls: number): number[] {
  return Array.from({ length: Math.ceil(calls / FIRST_PIECE) }, (_, i) =>
    Math.min(FIRST_PIECE, calls - i * FIRST_PIECE),
  );
}

/** Lengths of pieces within the budget, from the milliseconds of measured pieces; a call costs its piece's mean. */
export function pieces(lengths: readonly number[], ms: readonly number[], budget = BUDGET_MS): number[] {
  const found: number[] = [];
  let length = 0;
  let time = 0;
  lengths.forEach((count, i) => {
    const each = Math.max(0, ms[i] ?? 0) / count;
    for (let n = 0; n < count; n++) {
      if (length > 0 && (time + each > budget || length === LONGEST)) {
        found.push(length);
        length = 0;
        time = 0;
      }
      length++;
      time += each;
    }
  });
  if (length > 0) found.push(length);
  return found;
}

/** Pieces of several calls that took longer than they may, in halves. */
export function halved(lengths: readonly number[], ms: readonly number[], limit = LIMIT_MS): number[] {
  return lengths.flatMap((length, i) => {
    const half = Math.ceil(length / 2);
    return length > 1 && (ms[i] ?? 0) > limit ? [half, length - half] : [length];
  });
}

/** A run of calls [begin, end): `submit` sends a piece [from, to), `done` resolves when what was sent has ended. */
export function paced(
  begin: number,
  end: number,
  submit: (from: number, to: number) => void,
  done: () => Promise<unknown>,
): () => void {
  let lengths = firstPieces(end - begin);
  let runs = 0;
  let watching = false;
  return () => {
    const sent = lengths;
    const watched = runs < WATCHED_RUNS && !watching;
    const ends: Promise<number>[] = [];
    const watch = () => watched && ends.push(done().then(() => performance.now()));
    watch();
    let from = begin;
    for (const length of sent) {
      submit(from, from + length);
      from += length;
      watch();
    }
    if (!watched) return;
    watching = true;
    const settle = (at: readonly number[]) => {
      const ms = sent.map((_, i) => (at[i + 1] ?? 0) - (at[i] ?? 0));
      lengths = runs === 0 ? pieces(sent, ms) : halved(sent, ms);
      runs++;
      watching = false;
    };
    // A device that is lost says so elsewhere.
    Promise.all(ends).then(settle, () => {});
  };
}
