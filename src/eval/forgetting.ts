/**
 * What tuning did to general text: bits per byte of the same passages, base against tuned, paired by passage. The sum over
 * all says how much, a BCa interval of the mean of the passages' differences says whether it could be chance.
 */
import type { Interval } from "@/worker/api/comparison";
import { lossOf, type TextLoss, type TextScore } from "./likelihood";
import { MIN_CASES } from "./report";
import { bcaInterval, mean, type WinLossTie, winLossTie } from "./statistics/bootstrap";

export interface Forgetting {
  readonly base: TextLoss;
  readonly tuned: TextLoss;
  readonly passages: number;
  /** Mean over passages of tuned − base, in bits per byte; above 0 is worse. */
  readonly difference: number;
  readonly interval: Interval;
  /** Passages that the tuned model reads better, worse, alike. */
  readonly record: WinLossTie;
  readonly verdict: "worse" | "better" | "inconclusive" | "too-few";
  readonly sentence: string;
}

/** Worse by more than this share of the base's bits per byte is called forgetting; less is measured, but little. */
const MUCH = 0.05;

export function forgetting(base: readonly TextScore[], tuned: readonly TextScore[], seed: number): Forgetting {
  const pairs = base.flatMap((before, i) => {
    const after = tuned[i];
    return before && after ? [{ before, after }] : [];
  });
  const bits = ({ nats, bytes }: NonNullable<TextScore>) => nats / Math.LN2 / bytes;
  const differences = pairs.map(({ before, after }) => bits(after) - bits(before));
  const difference = mean(differences);
  const interval = bcaInterval(differences, { seed });
  const [before, after] = [lossOf(pairs.map((one) => one.before)), lossOf(pairs.map((one) => one.after))];
  const few = pairs.length < MIN_CASES;
  const verdict = few ? "too-few" : interval.low > 0 ? "worse" : interval.high < 0 ? "better" : "inconclusive";
  const figures = { base: before, tuned: after, passages: pairs.length, difference, interval };
  const record = winLossTie(differences.map((value) => -value));
  return { ...figures, record, verdict, sentence: sentenceOf({ ...figures, verdict }) };
}

function sentenceOf(
  figures: Pick<Forgetting, "base" | "tuned" | "passages" | "difference" | "interval" | "verdict">,
): string {
  const { base, tuned, passages, difference, interval, verdict } = figures;
  const share = difference / Math.max(1e-9, base.bitsPerByte);
  const told = `${base.bitsPerByte.toFixed(3)} → ${tuned.bitsPerByte.toFixed(3)} bits per byte on ${passages} general passages (${signed(difference)}, 95 % interval ${signed(interval.low)} to ${signed(interval.high)})`;
  switch (verdict) {
    case "too-few":
      return `Too few passages for a verdict: ${told}; at least ${MIN_CASES} are needed.`;
    case "inconclusive":
      return `No forgetting shown: ${told}, which could be chance.`;
    case "better":
      return `Nothing forgotten: general text became easier, ${told}.`;
    default:
      return share > MUCH
        ? `Forgotten: general text became harder by ${(100 * share).toFixed(0)} %, ${told}. A lower rate, fewer steps or general rows among the data keep more.`
        : `A little forgotten: ${told}, which is ${(100 * share).toFixed(1)} %.`;
  }
}

const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

/** Passages of a file of text: its paragraphs, long ones cut at a space; of JSON lines the "text" of each row. */
export function passagesOf(content: string, jsonLines: boolean, most = 1_000): string[] {
  const texts = jsonLines ? content.split("\n").flatMap(textOfLine) : content.split(/\r?\n\s*\r?\n/);
  return texts.flatMap((text) => cutLong(text.trim(), most)).filter((text) => /\S\s+\S/.test(text));
}

function textOfLine(line: string): string[] {
  if (line.trim() === "") return [];
  try {
    const { text } = JSON.parse(line) as { text?: unknown };
    return typeof text === "string" ? [text] : [];
  } catch {
    return [];
  }
}

function cutLong(text: string, most: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > most) {
    const space = rest.lastIndexOf(" ", most);
    const at = space > most / 2 ? space : most;
    pieces.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return rest === "" ? pieces : [...pieces, rest];
}
