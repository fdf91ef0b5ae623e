/** Rows far from the others in length, by the modified z-score of the logarithm (Iglewicz & Hoaglin). */
import { type Gate, rowsDo } from "./gate";

const Z = 5;
/** And at least so many times longer or shorter than the median, so that even data has no outliers. */
const TIMES = 4;
const FEWEST = 20;

export const lengthOutliers: Gate = {
  name: "length-outliers",
  title: "Rows of odd length",
  why: "A row many times longer than the rest is often two rows in one or a broken paste, and decides the memory of the whole run. Look at it, or leave it out.",
  fix: "drop",
  check(rows) {
    const train = rows.flatMap((row, i) => (row.held ? [] : [{ i, log: Math.log(1 + size(row)) }]));
    if (train.length < FEWEST) return [];
    const middle = median(train.map(({ log }) => log));
    const spread = Math.max(0.05, median(train.map(({ log }) => Math.abs(log - middle))));
    const odd = train.filter(({ log }) => {
      const far = Math.abs(log - middle);
      return (0.6745 * far) / spread > Z && far > Math.log(TIMES);
    });
    if (odd.length === 0 || odd.length > train.length / 10) return [];
    const longer = odd.filter(({ log }) => log > middle).length;
    const message = `${rowsDo(odd.length, "is", "are")} more than ${TIMES} times longer (${longer}) or shorter (${odd.length - longer}) than the middle row.`;
    return [{ severity: "amber", rows: odd.map(({ i }) => i), message }];
  },
};

const size = ({ prompt, answer }: { prompt: string; answer: string }) => prompt.length + answer.length;

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
