/**
 * Progress of a download for people: at most ten calls a second, and the time left by the speed of the last seconds.
 * What was here before counts as done, but not as speed.
 */
const WINDOW_MS = 8000;
const PACE_MS = 100;
/** Before this, the speed is a guess. */
const STABLE_MS = 1500;

export function createMeter(
  total: number,
  report: (done: number, total: number, secondsLeft: number | null) => void,
  now: () => number = () => performance.now(),
): (done: number, fetched: number) => void {
  let last = Number.NEGATIVE_INFINITY;
  let sum = 0;
  const points: { at: number; sum: number }[] = [];
  return (done, fetched) => {
    const at = now();
    sum += fetched;
    if (at - last < PACE_MS && done < total) return;
    last = at;
    points.push({ at, sum });
    while (points.length > 2 && at - (points[0]?.at ?? 0) > WINDOW_MS) points.shift();
    const first = points[0] ?? { at, sum };
    const speed = (sum - first.sum) / (at - first.at);
    const known = at - first.at >= STABLE_MS && speed > 0 && done < total;
    report(done, total, known ? (total - done) / speed / 1000 : null);
  };
}
