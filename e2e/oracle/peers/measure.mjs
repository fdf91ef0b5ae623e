/** The clock of every contender: awaited runs within a span of seconds, at least `least`, after warming up. */
export async function measure(run, seconds, least = 2) {
  await run();
  const times = [];
  const end = performance.now() + 1000 * seconds;
  while (times.length < least || performance.now() < end) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { best: times[0], median: times[Math.floor(times.length / 2)], runs: times.length };
}

/** The page's or worker's answer: the task's result, or what went wrong. */
export async function answer(work) {
  try {
    return await work();
  } catch (error) {
    return { error: String(error?.stack ?? error).slice(0, 1500) };
  }
}
