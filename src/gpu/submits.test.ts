import { expect, test } from "vitest";
import { firstPieces, pieces } from "@/gpu/submits";

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
