import { expect, test, vi } from "vitest";
import { firstPieces, halved, paced, pieces } from "@/gpu/submits";

test("the first run goes out in small pieces", () => {
  expect(firstPieces(19)).toEqual([8, 8, 3]);
});

test("pieces fill the budget and keep the order", () => {
  // 8 calls of 5 ms, 8 of 30 ms, 3 of 1 ms
  expect(pieces([8, 8, 3], [40, 240, 3], 50)).toEqual([8, 1, 1, 1, 1, 1, 1, 1, 4]);
});

test("a call above the budget travels alone", () => {
  expect(pieces([2, 1], [400, 2], 50)).toEqual([1, 1, 1]);
});

test("nothing measured still ends", () => {
  const found = pieces(firstPieces(1200), [], 50);
  expect(found).toEqual([512, 512, 176]);
});

test("what takes too long is halved, down to one call", () => {
  expect(halved([5, 2, 1, 4], [80, 75, 400, 76], 75)).toEqual([3, 2, 2, 1, 2, 2]);
});

test("the runs after the first find the long call that a mean had hidden, then are watched no more", async () => {
  const cost = (call: number) => (call === 3 ? 90 : 1);
  let clock = 0;
  const now = vi.spyOn(performance, "now").mockImplementation(() => clock);
  // A device's queue: milliseconds of work, and those who wait for what stands before them.
  let queue: (number | (() => void))[] = [];
  let sent: number[] = [];
  const run = paced(
    0,
    8,
    (from, to) => {
      sent.push(to - from);
      for (let call = from; call < to; call++) queue.push(cost(call));
    },
    () => new Promise<void>((resolve) => queue.push(resolve)),
  );
  const lengths: number[][] = [];
  let waits = 0;
  for (let i = 0; i < 8; i++) {
    [sent, queue] = [[], []];
    run();
    lengths.push(sent);
    waits = queue.filter((entry) => typeof entry !== "number").length;
    for (const entry of queue) {
      if (typeof entry === "number") clock += entry;
      else entry();
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  now.mockRestore();
  // 97 ms in all: by the mean four calls fit; the piece that holds the long one is halved until that is alone.
  expect(lengths.slice(0, 5)).toEqual([[8], [4, 4], [2, 2, 4], [2, 1, 1, 4], [2, 1, 1, 4]]);
  expect(waits).toBe(0);
});

test("a run learns from its first time", async () => {
  const sent: string[] = [];
  let clock = 0;
  const now = vi.spyOn(performance, "now").mockImplementation(() => clock);
  const run = paced(
    100,
    120,
    (from, to) => {
      sent.push(`${from}-${to}`);
      clock += 4 * (to - from);
    },
    // Ends in the order in which they were sent, each at its own time.
    () => new Promise((resolve) => queueMicrotask(() => resolve(undefined))),
  );
  run();
  expect(sent).toEqual(["100-108", "108-116", "116-120"]);
  await new Promise((resolve) => setTimeout(resolve));
  sent.length = 0;
  run();
  expect(sent[0]).toBe("100-120");
  now.mockRestore();
});
