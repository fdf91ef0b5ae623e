/**
 * run.json beside an adapter: what its card says of the run, so that an export made later, on another machine, can say it
 * too. It may come from a stranger, and is read as such.
 */
import * as z from "zod/mini";
import type { RunFacts } from "@/export/card-run";
import { Recipe } from "@/train/recipe";

export const RUN_FILE = "run.json";

const count = z.int().check(z.nonnegative());
const text = z.string().check(z.maxLength(1000));
const points = z.array(z.object({ step: count, loss: z.number() })).check(z.maxLength(200_000));
const Interval = z.object({ low: z.number(), high: z.number() });
const Arm = z.object({ passed: count, rate: z.number(), interval: Interval });

const RunFile = z.object({
  version: z.literal(1),
  recipe: Recipe,
  dataset: text,
  trainRows: count,
  evalRows: count,
  steps: count,
  seconds: z.number(),
  trainableParameters: count,
  evalLossBefore: z.nullable(z.number()),
  evalLossAfter: z.nullable(z.number()),
  losses: points,
  evals: points,
  comparison: z.optional(
    z.object({
      ...{ n: count, base: Arm, tuned: Arm, sentence: text },
      ...{ difference: z.number(), differenceInterval: Interval },
    }),
  ),
});

export const runFile = (run: RunFacts): string =>
  `${JSON.stringify(z.parse(RunFile, { version: 1, ...run }), null, 1)}\n`;

/** Undefined for what is no such file: a card without a run is still a card. */
export function readRunFile(content: string): RunFacts | undefined {
  try {
    const { version: _, ...run } = z.parse(RunFile, JSON.parse(content));
    return run;
  } catch {
    return undefined;
  }
}
