/**
 * What choices cost, in turns with the plain step: another job on the machine then hits all alike, and the least time of
 * each is what is compared.
 */
import { repeat } from "@/bench/clock";
import { openStep, type StepPlan } from "@/bench/step";
import type { Runtime } from "@/model/runtime";

export interface Entrant {
  readonly open: () => { runtime: Runtime; close: () => void };
  readonly plan: () => StepPlan;
}

/** Least milliseconds of a step of each entrant. */
export async function measureTurns(entrants: readonly Entrant[], seconds: number): Promise<number[]> {
  const closing: (() => void)[] = [];
  try {
    const steps: (() => Promise<number>)[] = [];
    for (const { open, plan } of entrants) {
      const { runtime, close } = open();
      closing.unshift(close);
      const { step, release } = await openStep(runtime, plan());
      closing.unshift(release);
      await step();
      steps.push(async () => (await step()).whole);
    }
    const turn = async () => {
      const times: number[] = [];
      for (const step of steps) times.push(await step());
      return times;
    };
    const turns = await repeat(turn, seconds, 2, 25);
    return steps.map((_, i) => Math.min(...turns.map((times) => times[i] ?? Number.NaN)));
  } finally {
    for (const close of closing) close();
  }
}
