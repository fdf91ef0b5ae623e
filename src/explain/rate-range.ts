/**
 * The learning-rate range test (Smith 2015, "Cyclical Learning Rates", section 3.3): a short run whose rate grows from
 * step to step shows where the loss falls fastest and where it breaks. Read off the smoothed curve:
 *
 *   steepest   the rate where the loss falls fastest per factor of the rate
 *   breaks     the first rate whose loss stands clearly above the lowest one
 *   suggested  the steepest, but never above a third of the rate with the lowest loss
 */
export interface RatePoint {
  readonly rate: number;
  readonly loss: number;
}

export interface RateReading {
  readonly suggested: number | null;
  readonly steepest: number | null;
  readonly breaks: number | null;
  /** The smoothed curve. */
  readonly smooth: readonly RatePoint[];
  readonly sentence: string;
}

const WEIGHT = 0.8;
/** How far above the lowest smoothed loss, in parts of the fall, a curve counts as broken. */
const BROKEN = 0.25;
/** Less than this part of the first loss is no fall at all. */
const LEAST_FALL = 0.02;

/** Rates of the test, growing by a constant factor. */
export function rateLadder(low: number, high: number, steps: number): number[] {
  return Array.from({ length: steps }, (_, i) => low * (high / low) ** (i / Math.max(1, steps - 1)));
}

export function readRange(points: readonly RatePoint[]): RateReading {
  const smooth = smoothed(points.filter(({ loss }) => Number.isFinite(loss)));
  const first = smooth[0]?.loss ?? 0;
  const lowestAt = smooth.reduce((best, { loss }, i) => (loss < (smooth[best]?.loss ?? 0) ? i : best), 0);
  const lowest = smooth[lowestAt];
  if (!lowest || first - lowest.loss < LEAST_FALL * first) {
    const sentence = "The loss fell at none of the rates tried: look at the data, or try a wider range.";
    return { suggested: null, steepest: null, breaks: null, smooth, sentence };
  }
  let steepest = smooth[1] ?? lowest;
  let fastest = 0;
  for (let i = 1; i <= lowestAt; i++) {
    const [before, here] = [smooth[i - 1], smooth[i]];
    if (!before || !here) continue;
    const slope = (before.loss - here.loss) / Math.log(here.rate / before.rate);
    if (slope > fastest) [fastest, steepest] = [slope, here];
  }
  const line = lowest.loss + BROKEN * (first - lowest.loss);
  const breaks = smooth.slice(lowestAt).find(({ loss }) => loss > line)?.rate ?? null;
  const suggested = round(Math.min(steepest.rate, lowest.rate / 3));
  const until = breaks === null ? "it did not break within the range" : `it breaks near ${round(breaks)}`;
  const sentence = `The loss falls fastest near ${round(steepest.rate)}, and ${until}. ${suggested} is a sound rate to begin with.`;
  return { suggested, steepest: steepest.rate, breaks, smooth, sentence };
}

/** An exponential mean without the pull towards its start. */
function smoothed(points: readonly RatePoint[]): RatePoint[] {
  let mean = 0;
  return points.map(({ rate, loss }, i) => {
    mean = WEIGHT * mean + (1 - WEIGHT) * loss;
    return { rate, loss: mean / (1 - WEIGHT ** (i + 1)) };
  });
}

/** Two digits: more would pretend. */
const round = (value: number) => Number(value.toPrecision(2));
