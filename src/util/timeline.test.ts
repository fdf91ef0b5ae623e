import { expect, test } from "vitest";
import { covered, createTimeline } from "@/util/timeline";

test("stretches begin and end with their work, whether it ends at once, later or badly", async () => {
  let clock = 100;
  const timeline = createTimeline(() => clock);
  const pass = (ms: number) => {
    clock += ms;
  };
  expect(timeline.during("at once", () => pass(5))).toBeUndefined();
  let open = () => {};
  const later = timeline.during("later", () => new Promise<void>((resolve) => (open = resolve)));
  const bad = timeline.during("bad", () => Promise.reject(new Error("no")));
  await expect(bad).rejects.toThrow("no");
  pass(10);
  expect(timeline.stretches().map(({ name }) => name)).toEqual(["at once", "bad"]);
  open();
  await later;
  await Promise.resolve();
  expect(timeline.stretches()).toEqual([
    { name: "at once", from: 0, to: 5 },
    { name: "bad", from: 5, to: 5 },
    { name: "later", from: 5, to: 15 },
  ]);
});

test("what overlaps is counted once", () => {
  const at = (from: number, to: number) => ({ name: "", from, to });
  expect(covered([])).toBe(0);
  expect(covered([at(5, 9), at(0, 4), at(2, 6), at(3, 4), at(20, 21)])).toBe(10);
});
