/** Timing of repeated work within a budget. */

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Runs again until `seconds` are over, at least `least` times and at most `most`; returns each run's result. */
export async function repeat<T>(run: () => Promise<T>, seconds: number, least = 1, most = 9): Promise<T[]> {
  const end = performance.now() + 1000 * seconds;
  const results: T[] = [];
  while (results.length < least || (results.length < most && performance.now() < end)) results.push(await run());
  return results;
}
