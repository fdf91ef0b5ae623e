import { describe, expect, it } from "vitest";
import { gradientFrame, lossFrame, rateFrame } from "@/ui/state/chart-data";
import { applyEvents, startLog } from "@/ui/state/run-log";
import type { RunEvent } from "@/worker/api/run";

const step = (n: number, loss: number): RunEvent => ({
  type: "step",
  step: n,
  loss,
  gradNorm: n,
  lr: 1,
  tokensPerSecond: 1,
});

describe("chart data", () => {
  it("puts training and held-out loss on one axis of steps", () => {
    const events: RunEvent[] = [
      { type: "eval", step: 0, loss: 4 },
      step(1, 3),
      step(2, 2),
      { type: "eval", step: 2, loss: 2.5 },
    ];
    const frame = lossFrame(applyEvents(startLog(10), events));
    expect(frame.columns[0]).toEqual([0, 1, 2, 10]);
    expect(frame.columns[1]).toEqual([null, 3, 2, null]);
    expect(frame.columns[3]).toEqual([4, null, 2.5, null]);
    expect(frame.columns[4]).toEqual([4, 4, 4, 4]);
    expect(frame.summary).toContain("held-out loss fell from 4.000 to 2.500");
  });

  it("leaves a gap where the loss is not a number", () => {
    const frame = lossFrame(applyEvents(startLog(2), [step(1, 3), step(2, Number.NaN)]));
    expect(frame.columns[1]).toEqual([3, null]);
  });

  it("draws the planned rate from the step that was last to the end", () => {
    const frame = rateFrame(applyEvents(startLog(4, [1, 1, 0.5, 0.25]), [step(1, 3), step(2, 3)]));
    expect(frame.columns).toEqual([
      [1, 2, 3, 4],
      [1, 1, null, null],
      [null, 1, 0.5, 0.25],
    ]);
    expect(frame.summary).toContain("planned to end at");
    expect(rateFrame(startLog(2, [1, 0.5])).columns[2]).toEqual([1, 0.5]);
  });

  it("keeps long runs drawable", () => {
    const events = Array.from({ length: 9000 }, (_, index) => step(index + 1, 1));
    expect(gradientFrame(applyEvents(startLog(9000), events)).columns[0]?.length).toBeLessThanOrEqual(1200);
  });
});
