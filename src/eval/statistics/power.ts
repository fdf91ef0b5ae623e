/** Before a run: what this many cases can show. After it: how many would have settled it. */
import { gainPower, minimumDetectableGain, type PairedCounts } from "../statistics";
import { betaCdf } from "./normal";

/** Beyond this nobody writes cases by hand, and the sum takes seconds. */
const MOST_CASES = 20_000;

export interface PowerMeter {
  readonly cases: number;
  /** Share of cases that are taken to break. */
  readonly broken: number;
  /** Smallest share gained that is found with 80 % power; null: none can be. */
  readonly gain: number | null;
  readonly sentence: string;
}

export function powerMeter(cases: number, broken = 0.05): PowerMeter {
  const gain = minimumDetectableGain(cases, broken);
  const assumed = broken === 0 ? "nothing breaks" : `${Math.round(broken * 100)} % break`;
  const sentence =
    gain === null
      ? `${cases} cases cannot show any gain if ${assumed}.`
      : `${cases} cases can show a gain of ${Math.ceil(gain * 100)} points or more (80 % power, if ${assumed}).`;
  return { cases, broken, gain, sentence };
}

/** Fewest cases that find this gain with 80 % power; null: no gain, or more than 20,000. */
export function casesToShow(gain: number, broken: number, power = 0.8): number | null {
  if (gain <= 0) return null;
  const share = Math.max(0, Math.min(broken, 1 - gain - broken));
  const enough = (n: number) => gainPower(n, share + gain, share) >= power;
  let high = 8;
  while (!enough(high)) {
    high *= 2;
    if (high > MOST_CASES) return null;
  }
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * Chance that more cases are truly fixed than broken, given the counts, from Jeffreys' Dirichlet(½, ½, ½, ½): the share of
 * fixed among changed is Beta(fixed + ½, broken + ½) whatever the other two cells are.
 */
export function chanceBetter({ fixed, broken }: Pick<PairedCounts, "fixed" | "broken">): number {
  return 1 - betaCdf(0.5, fixed + 0.5, broken + 0.5);
}
