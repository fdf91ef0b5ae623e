import { expect, test } from "vitest";
import { FIRST_STEP } from "@/util/timeline";
import { beginningOf, timelineRows } from "@/util/timeline-table";
import type { TimelineEvent } from "@/worker/api/timeline";

const event: TimelineEvent = {
  type: "timeline",
  model: [],
  data: [{ name: "rows read", from: 0, to: 20 }],
  run: [
    { name: "gates", from: 0, to: 0.2 },
    { name: "pipelines", from: 10, to: 300 },
    { name: FIRST_STEP, from: 200, to: 1200 },
  ],
  ms: 1250,
  gflop: 500,
};

test("only what waits for nothing but the step is the device's own", () => {
  // 900 ms of the step are its own; the other 350 ms would be there on any device, and 500 GFLOP take half a second at 1 TFLOP/s.
  expect(beginningOf(event)).toEqual({ whole: 1250, ours: 350, atTeraflop: 850 });
  expect(beginningOf({ ...event, gflop: null }).atTeraflop).toBeNull();
});

test("a line for what took a millisecond, and the sums behind them", () => {
  const [, ...rows] = timelineRows(event);
  expect(rows.map((row) => row.join(" "))).toEqual([
    "rows: rows read 0.000 s 0.020 s",
    "run: pipelines 0.010 s 0.290 s",
    "run: first step 0.200 s 1.000 s",
    "request to first step  1.250 s",
    "of these not waiting for the step  0.350 s",
    "the same with the step's 500.0 GFLOP at 1 TFLOP/s  0.850 s",
  ]);
});
