/**
 * What "fast" is asked to mean, each beside what a bench found. A claim that a run had no time for is left out; one that
 * falls short stays, and says so.
 */
import {
  type BenchReport,
  type Ceilings,
  type DecodeResult,
  groupOf,
  groupShares,
  type StepResult,
} from "@/bench/report";

export interface Claim {
  readonly what: string;
  readonly asked: string;
  readonly found: string;
  readonly holds: boolean;
  /** Where it falls short: the measured numbers behind that. */
  readonly why?: string;
}

/** Utilisation is asked of steps that are long enough to fill a device. */
const LONG = 512;

export function claimsOf({ ceilings, steps, decodes, turns, head }: BenchReport): Claim[] {
  const plain = steps.filter(({ variant }) => variant === "");
  return [
    ...plain.flatMap((step) => {
      const where = `${step.model}, ${step.tokens} tokens`;
      return [
        ...(step.tokens >= LONG
          ? [because(atLeast(`${where}: of the ceiling`, 0.7, step.utilisation, percent), groupRates(step, ceilings))]
          : []),
        because(
          atMost(
            `${where}: neither product nor attention`,
            0.15,
            groupShares(step.kernels)["everything else"],
            percent,
          ),
          largestOther(step),
        ),
        atMost(`${where}: JavaScript`, 0.03, step.jsMs / step.stepMs, percent),
        atMost(`${where}: slots over the lower bound`, 1.15, step.slotBytes / step.peakBytes, times),
      ];
    }),
    ...(turns?.variants ?? []).map(({ variant, ms }) => {
      const where = `${turns?.model}, ${turns?.tokens} tokens, in turns`;
      const plain = turns?.plainMs ?? Number.NaN;
      if (variant === "activations kept") return atMost(`${where}: checkpointing over none`, 1.35, plain / ms, times);
      return atMost(`${where}: ${variant} over float`, 1.3, ms / plain, times);
    }),
    ...some(head, ({ model, fewMs, allMs }) =>
      atMost(`${model}: head with 20 % labelled over all`, 0.25, fewMs / allMs, percent),
    ),
    ...decodes
      .filter(({ sequences }) => sequences > 1)
      .flatMap((many) => {
        const { model, sequences, tokensPerSecond } = many;
        const one = decodes.find((decode) => decode.model === model && decode.sequences === 1);
        return some(one, (alone) =>
          because(
            atLeast(
              `${model}: decoding ${sequences} at once over one`,
              8,
              tokensPerSecond / alone.tokensPerSecond,
              times,
            ),
            decodeBound(many, alone, ceilings),
          ),
        );
      }),
  ];
}

const because = (claim: Claim, why: string | undefined): Claim =>
  claim.holds || why === undefined ? claim : { ...claim, why };

/** What each group takes of a step, and what it reaches of the ceiling. */
function groupRates({ kernels }: StepResult, ceilings: Ceilings | undefined): string | undefined {
  if (!ceilings) return undefined;
  const shares = groupShares(kernels);
  const reached = (group: "products" | "attention") => {
    const own = kernels.filter(({ kernel }) => groupOf(kernel) === group);
    const gflop = own.reduce((sum, each) => sum + each.gflop, 0);
    const seconds = own.reduce((sum, { ms }) => sum + ms, 0) / 1000;
    return percent(gflop / seconds / ceilings.matmulGflops, 2);
  };
  return (
    `Products take ${percent(shares.products, 2)} of the step and reach ${reached("products")} of the ceiling; ` +
    `attention takes ${percent(shares.attention, 2)} and reaches ${reached("attention")}.`
  );
}

function largestOther({ kernels }: StepResult): string | undefined {
  const others = kernels.filter(({ kernel }) => groupOf(kernel) === "everything else");
  const [largest] = others.sort((a, b) => b.share - a.share);
  return largest && `The largest of it is ${largest.kernel}, ${percent(largest.share, 2)} of the step.`;
}

/** One sequence reads its weights as fast as memory gives them, many multiply as fast as the device can: so much and no more. */
function decodeBound(many: DecodeResult, alone: DecodeResult, ceilings: Ceilings | undefined): string | undefined {
  if (!ceilings) return undefined;
  const most = ceilings.matmulGflops / many.gflopPerToken;
  return (
    `At the ceiling ${many.sequences} would write ${figure(most)} tokens/s, ${times(most / alone.tokensPerSecond)} of one; ` +
    `they reach ${percent(many.tokensPerSecond / most, 2)} of that.`
  );
}

const some = <T, R>(value: T | undefined, make: (value: T) => R): R[] => (value === undefined ? [] : [make(value)]);
const atMost = (what: string, most: number, found: number, show: (value: number) => string): Claim => ({
  what,
  asked: `≤ ${show(most)}`,
  found: show(found),
  holds: found <= most,
});
const atLeast = (what: string, least: number, found: number, show: (value: number) => string): Claim => ({
  what,
  asked: `≥ ${show(least)}`,
  found: show(found),
  holds: found >= least,
});
const percent = (value: number, digits = 3) => `${Number((100 * value).toPrecision(digits))} %`;
const figure = (value: number) => Number(value.toPrecision(3)).toLocaleString("en-US");
const times = (value: number) => `${Number(value.toPrecision(3))}×`;
