/**
 * Where time goes from a start to a first result: named stretches, which may overlap, since much is done beside
 * something else. Whoever has no timeline to fill passes none.
 */

/** The stretch that waits for the device, and not for us. */
export const FIRST_STEP = "first step";

export interface Stretch {
  readonly name: string;
  /** Milliseconds since the timeline's start. */
  readonly from: number;
  readonly to: number;
}

export interface Timeline {
  /** What it gives ends the stretch. */
  begin(name: string): () => void;
  /** Does it, and notes from when to when: until its promise settles, if it gives one. */
  during<T>(name: string, work: () => T): T;
  /** Those that have ended, in the order of their beginnings. */
  stretches(): readonly Stretch[];
  /** Milliseconds since its start. */
  elapsed(): number;
}

export function createTimeline(now: () => number = () => performance.now()): Timeline {
  const start = now();
  const found: Stretch[] = [];
  const elapsed = () => now() - start;
  const begin = (name: string) => {
    const from = elapsed();
    return () => void found.push({ name, from, to: elapsed() });
  };
  const during = <T>(name: string, work: () => T): T => {
    const end = begin(name);
    const result = work();
    if (result instanceof Promise) result.then(end, end);
    else end();
    return result;
  };
  return { begin, during, elapsed, stretches: () => [...found].sort((a, b) => a.from - b.from) };
}

/** `during` of a timeline that may not be there. */
export function timed<T>(timeline: Timeline | undefined, name: string, work: () => T): T {
  return timeline ? timeline.during(name, work) : work();
}

/** Milliseconds in which at least one of them was going on. */
export function covered(stretches: readonly Stretch[]): number {
  let sum = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...stretches].sort((a, b) => a.from - b.from)) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}
