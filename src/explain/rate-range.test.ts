import { expect, it } from "vitest";
import { rateLadder, readRange } from "@/explain/rate-range";

const curve = (loss: (rate: number) => number) => rateLadder(1e-6, 1, 80).map((rate) => ({ rate, loss: loss(rate) }));

it("grows by a constant factor from end to end", () => {
  const ladder = rateLadder(1e-4, 1, 5);
  expect(ladder.map((rate) => Number(rate.toPrecision(6)))).toEqual([1e-4, 1e-3, 1e-2, 0.1, 1]);
});

it("suggests a rate on the slope, before the lowest point, and tells where it breaks", () => {
  // Falls like a sigmoid around 1e-3, explodes from 3e-2 on.
  const reading = readRange(
    curve((rate) => 3 - 2 / (1 + (1e-3 / rate) ** 1.5) + (rate > 3e-2 ? 40 * (rate - 3e-2) : 0)),
  );
  expect(reading.suggested).toBeGreaterThan(3e-4);
  expect(reading.suggested).toBeLessThan(1e-2);
  expect(reading.breaks).toBeGreaterThan(3e-2);
  expect(reading.breaks).toBeLessThan(0.3);
});

it("suggests nothing where nothing falls", () => {
  const reading = readRange(curve(() => 3));
  expect(reading.suggested).toBeNull();
  expect(reading.sentence).toContain("at none of the rates");
});

it("passes over losses that are no number", () => {
  const points = curve((rate) => (rate > 0.1 ? Number.NaN : 3 - 2 / (1 + 1e-3 / rate)));
  expect(readRange(points).suggested).not.toBeNull();
  expect(readRange([]).suggested).toBeNull();
});
