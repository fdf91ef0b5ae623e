import { expect, test, vi } from "vitest";
import { firstPieces, paced, pieces } from "@/gpu/submits";

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
