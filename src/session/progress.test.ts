import { expect, test } from "vitest";
import { createProgress } from "@/session/progress";

test("steps that arrive in bursts have the speed of the run", () => {
  const progress = createProgress(0);
  let seen = { tokensPerSecond: 0, secondsPerStep: undefined as number | undefined };
  // Every third second three steps of 100 tokens, read together.
  for (let i = 0; i < 30; i++) seen = progress.step(3000 * Math.floor(i / 3 + 1) + (i % 3), 100);
  expect(seen.tokensPerSecond).toBeCloseTo(100, 0);
  expect(seen.secondsPerStep).toBeCloseTo(1, 2);
});

test("one slow step and what was no training do not move it", () => {
  const progress = createProgress(0);
  let at = 0;
  let seen = { tokensPerSecond: 0, secondsPerStep: undefined as number | undefined };
  for (let i = 0; i < 40; i++) {
    if (i === 20) {
      at += 60_000;
      progress.skip(at);
    }
    at += i === 30 ? 9_000 : 500;
    seen = progress.step(at, 50);
    if (i > 2) expect(seen.secondsPerStep).toBeCloseTo(0.5, 5);
  }
  expect(seen.tokensPerSecond).toBeCloseTo(100, 5);
});
