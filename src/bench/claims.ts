/**
 * What "fast" is asked to mean, each beside what a bench found. A claim that a run had no time for is left out; one that
 * falls short stays, and says so.
 */
import { type BenchReport, groupShares } from "@/bench/report";

export interface Claim {
  readonly what: string;
  readonly asked: string;
  readonly found: string;
  readonly holds: boolean;
}

/** Utilisation is asked of steps that are long enough to fill a device. */
const LONG = 512;

export function claimsOf({ steps, decodes, turns, head }: BenchReport): Claim[] {
  const plain = steps.filter(({ variant }) => variant === "");
  return [
    ...plain.flatMap((step) => {
      const where = `${step.model}, ${step.tokens} tokens`;
      return [
        ...(step.tokens >= LONG ? [atLeast(`${where}: of the ceiling`, 0.7, step.utilisation, percent)] : []),
        atMost(
          `${where}: neither product nor attention`,
          0.15,
          groupShares(step.kernels)["everything else"] ?? 0,
          percent,
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
      .flatMap(({ model, sequences, tokensPerSecond }) => {
        const one = decodes.find((decode) => decode.model === model && decode.sequences === 1);
        return some(one, (alone) =>
          atLeast(
            `${model}: decoding ${sequences} at once over one`,
            8,
            tokensPerSecond / alone.tokensPerSecond,
            times,
          ),
        );
      }),
  ];
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
const percent = (value: number) => `${Number((100 * value).toPrecision(3))} %`;
const times = (value: number) => `${Number(value.toPrecision(3))}×`;
