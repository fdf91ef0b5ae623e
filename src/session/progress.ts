/**
 * Speed and time left of a run. Both come from the median of recent step times, so that one slow step (a compile, a
 * paused tab) does not move them; time left stays hidden until a few steps are known. Losses are read late, and may
 * then arrive in bursts, so a time is the mean of as many steps as may be in flight together.
 */
const WINDOW = 12;
const STABLE = 4;
/** The trainer's lag, and the step itself. */
const BURST = 3;

export interface Progress {
  /** One finished step; `at` in milliseconds. */
  step(at: number, tokens: number): { tokensPerSecond: number; secondsPerStep: number | undefined };
  /** Time passed that was not training: an evaluation, a pause. */
  skip(until: number): void;
}

export function createProgress(start: number): Progress {
  let last = start;
  const burst: { readonly seconds: number; readonly tokens: number }[] = [];
  const times: number[] = [];
  const speeds: number[] = [];
  const recent = (list: number[], value: number) => {
    list.push(value);
    if (list.length > WINDOW) list.shift();
    return median(list);
  };
  return {
    step: (at, tokens) => {
      burst.push({ seconds: Math.max(at - last, 0.01) / 1000, tokens });
      if (burst.length > BURST) burst.shift();
      last = at;
      const sum = (of: "seconds" | "tokens") => burst.reduce((total, one) => total + one[of], 0);
      const tokensPerSecond = recent(speeds, sum("tokens") / sum("seconds"));
      const secondsPerStep = recent(times, sum("seconds") / burst.length);
      return { tokensPerSecond, secondsPerStep: times.length < STABLE ? undefined : secondsPerStep };
    },
    skip: (until) => {
      last = until;
    },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
