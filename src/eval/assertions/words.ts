/** Scores against a reference text: edit distance, ROUGE (Lin 2004) and BLEU (Papineni et al. 2002). */
import { type Assertion, type Grade, graded, listOf } from "./assertion";

const MOST_UNITS = 4_000;

export function levenshtein(output: string, { value, threshold = 5 }: Assertion): Grade {
  const distance = editDistance(output.slice(0, MOST_UNITS), String(value).slice(0, MOST_UNITS));
  return graded(distance <= threshold, `Edit distance ${distance}, ${threshold} allowed.`);
}

/** Insertions, deletions and substitutions of UTF-16 units. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** F1 of single words (rouge-n) or of the longest common subsequence (rouge-l). */
export function rouge(output: string, { type, value, threshold = 0.75 }: Assertion): Grade {
  const score = type === "rouge-l" ? rougeL(output, String(value)) : rougeN(output, String(value), 1);
  return graded(score >= threshold, `${type} ${score.toFixed(3)}, ${threshold} wanted.`, score);
}

/** As rouge-score without stemming: lower case, runs of a–z and digits. */
const plainWords = (text: string) =>
  (
    text
      .slice(0, 10 * MOST_UNITS)
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? []
  ).slice(0, MOST_UNITS);

export function rougeN(said: string, wanted: string, n: number): number {
  const [a, b] = [ngrams(plainWords(said), n), ngrams(plainWords(wanted), n)];
  return f1(overlap(a, b), total(a), total(b));
}

export function rougeL(said: string, wanted: string): number {
  const [a, b] = [plainWords(said), plainWords(wanted)];
  let row = new Array<number>(b.length + 1).fill(0);
  for (const word of a) {
    const next = [0];
    for (const [j, other] of b.entries()) {
      next.push(word === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    }
    row = next;
  }
  return f1(row[b.length] ?? 0, a.length, b.length);
}

export function bleu(output: string, { value, threshold = 0.5 }: Assertion): Grade {
  const score = sentenceBleu(output, Array.isArray(value) ? listOf(value) : [String(value)]);
  return graded(score >= threshold, `BLEU ${score.toFixed(3)}, ${threshold} wanted.`, score);
}

/** As sacrebleu's sentence_bleu: 13a tokens, exponential smoothing, orders up to the length of the answer. */
export function sentenceBleu(said: string, references: readonly string[]): number {
  const words = tokens13a(said);
  const wanted = references.map(tokens13a);
  const closest = wanted
    .map(({ length }) => length)
    .reduce((a, b) => {
      const [da, db] = [Math.abs(a - words.length), Math.abs(b - words.length)];
      return db < da || (db === da && b < a) ? b : a;
    }, Number.POSITIVE_INFINITY);
  let logs = 0;
  let orders = 0;
  let smooth = 1;
  for (let n = 1; n <= 4; n++) {
    const own = ngrams(words, n);
    const most = new Map<string, number>();
    for (const reference of wanted) {
      for (const [gram, count] of ngrams(reference, n)) most.set(gram, Math.max(most.get(gram) ?? 0, count));
    }
    const count = total(own);
    if (count === 0) break;
    const right = overlap(own, most);
    // A first order without a match is no translation at all.
    if (right === 0 && n === 1) return 0;
    if (right === 0) smooth *= 2;
    logs += Math.log(right === 0 ? 1 / (smooth * count) : right / count);
    orders++;
  }
  if (orders === 0) return 0;
  const brevity = words.length < closest ? Math.exp(1 - closest / words.length) : 1;
  return brevity * Math.exp(logs / orders);
}

/** mteval-v13a: symbols stand alone, full stops and commas unless between digits. */
function tokens13a(text: string): string[] {
  const spaced = ` ${text
    .slice(0, 10 * MOST_UNITS)
    .replaceAll("<skipped>", "")
    .replace(/-\n/g, "")
    .replace(/\n/g, " ")} `
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replace(/([{-~[-` -&(-+:-@/])/g, " $1 ")
    .replace(/([^0-9])([.,])/g, "$1 $2 ")
    .replace(/([.,])([^0-9])/g, " $1 $2")
    .replace(/([0-9])(-)/g, "$1 $2 ");
  return spaced
    .split(/\s+/)
    .filter((word) => word !== "")
    .slice(0, MOST_UNITS);
}

function ngrams(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i++) {
    const gram = words.slice(i, i + n).join("\u0000");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);

const overlap = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>) =>
  [...a].reduce((sum, [gram, count]) => sum + Math.min(count, b.get(gram) ?? 0), 0);

function f1(right: number, said: number, wanted: number): number {
  if (right === 0) return 0;
  const [precision, recall] = [right / said, right / wanted];
  return (2 * precision * recall) / (precision + recall);
}
