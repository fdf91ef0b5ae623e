/**
 * Word by word, what changed from one text to another: the longest common subsequence of words and the spaces between, by
 * dynamic programming over what is left after the common start and end. Bounded, since answers are as long as models like.
 */
export interface Piece {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
}

/** Cells of the table; beyond it the middle is told as replaced. */
const MOST_CELLS = 250_000;

export function wordDiff(before: string, after: string): Piece[] {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const middle = between(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return joined([
    ...a.slice(0, start).map((text): Piece => ({ kind: "same", text })),
    ...middle,
    ...a.slice(a.length - end).map((text): Piece => ({ kind: "same", text })),
  ]);
}

const wordsOf = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

/** Share of the longer text's letters that both have. */
export function alikeness(pieces: readonly Piece[]): number {
  const letters = (...kinds: Piece["kind"][]) =>
    pieces.reduce((sum, { kind, text }) => sum + (kinds.includes(kind) ? text.trim().length : 0), 0);
  const longer = Math.max(letters("same", "added"), letters("same", "removed"));
  return longer === 0 ? 1 : letters("same") / longer;
}

function between(a: readonly string[], b: readonly string[]): Piece[] {
  const removed = (text: string): Piece => ({ kind: "removed", text });
  const added = (text: string): Piece => ({ kind: "added", text });
  if (a.length * b.length > MOST_CELLS || a.length === 0 || b.length === 0) return [...a.map(removed), ...b.map(added)];
  // common[i, j]: of a from i and b from j.
  const wide = b.length + 1;
  const common = new Uint16Array((a.length + 1) * wide);
  const at = (i: number, j: number) => common[i * wide + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * wide + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left = "", right = ""] = [a[i], b[j]];
    if (i < a.length && j < b.length && left === right) {
      pieces.push({ kind: "same", text: left });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      pieces.push(removed(left));
      i++;
    } else {
      pieces.push(added(right));
      j++;
    }
  }
  return pieces;
}

function joined(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (last?.kind === piece.kind) out[out.length - 1] = { kind: last.kind, text: last.text + piece.text };
    else out.push(piece);
  }
  return out;
}
