import { describe, expect, it } from "vitest";
import { testRecord } from "@/runs/test-record";
import { announcement, applyEvents, fractionDone, logOfRun, startLog, stepsDone, titleOf } from "@/ui/state/run-log";
import type { RunEvent } from "@/worker/api/run";

const step = (n: number, eta?: number): RunEvent => ({
  type: "step",
  step: n,
  loss: 3 / n,
  gradNorm: 1,
  lr: 1e-3,
  tokensPerSecond: 100,
  ...(eta === undefined ? {} : { eta }),
});
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("run log", () => {
  it("folds events into series", () => {
    const log = applyEvents(startLog(20), [
      { type: "phase", phase: "train" },
      { type: "eval", step: 0, loss: 3.5 },
      { type: "samples", step: 0, samples: [{ prompt: "a", text: "b" }] },
      step(1),
      step(2),
      { type: "warning", message: "careful" },
    ]);
    expect(stepsDone(log)).toBe(2);
    expect(fractionDone(log)).toBeCloseTo(0.1);
    expect(log.evals).toEqual([{ step: 0, value: 3.5 }]);
    expect(log.samples).toHaveLength(1);
    expect(log.warnings).toEqual(["careful"]);
  });

  it("keeps lists that did not change, so that charts do not redraw", () => {
    const first = applyEvents(startLog(20), [step(1)]);
    expect(applyEvents(first, [{ type: "eval", step: 1, loss: 2 }]).steps).toBe(first.steps);
  });

  it("titles the tab with progress and time left, once that is known", () => {
    const log = applyEvents(startLog(100), [{ type: "phase", phase: "train" }, step(37)]);
    expect(plain(titleOf(startLog(100)))).toBe("Preparing…");
    expect(plain(titleOf(log))).toBe("37 %");
    expect(plain(titleOf(applyEvents(log, [step(38, 120)])))).toBe("38 % · 2 min left");
    expect(plain(titleOf(applyEvents(log, [{ type: "phase", phase: "paused" }])))).toBe("37 % · paused");
  });

  it("speaks at the start, at each tenth and at the end only", () => {
    let log = startLog(20);
    const heard = [announcement(null, log)];
    for (let n = 1; n <= 20; n++) {
      const next = applyEvents(log, [{ type: "phase", phase: n === 20 ? "done" : "train" }, step(n)]);
      heard.push(announcement(log, next));
      log = next;
    }
    const spoken = heard.filter((line) => line !== "");
    expect(spoken).toHaveLength(11);
    expect(spoken[0]).toBe("Training started: 20 steps.");
    expect(spoken[1]).toBe("10 percent.");
    expect(spoken.at(-1)).toBe("Training finished at step 20. Loss 0.150.");
  });
});

it("a kept run's log begins one that goes on, cut where that one stands", () => {
  const log = logOfRun(testRecord(), 1, 60);
  expect(log.total).toBe(60);
  expect(log.steps.map(({ step, loss }) => [step, loss])).toEqual([[1, 3]]);
  expect(log.evals).toEqual([]);
  expect(logOfRun(testRecord(), 2, 60).evals).toEqual([{ step: 2, value: 2.5, scalars: {} }]);
});

it("a kept run by reward brings back what the method reported, on held-out rows too", () => {
  const record = testRecord();
  const { eval_loss: _, ...series } = record.series;
  const curve = (...values: number[]) => ({ steps: values.map((_, i) => i + 1), values });
  const { steps, evals } = logOfRun(
    { ...record, series: { ...series, reward: curve(0.1, 0.4), eval_reward: curve(0.2) } },
    2,
    60,
  );
  expect(steps.map(({ scalars }) => scalars)).toEqual([{ reward: 0.1 }, { reward: 0.4 }]);
  expect(evals).toEqual([{ step: 1, value: Number.NaN, scalars: { reward: 0.2 } }]);
});
