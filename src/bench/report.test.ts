import { expect, test } from "vitest";
import { growthSvg, placePoints } from "@/bench/growth-svg";
import { exponent, type GrowthPoint, groupShares, growthCsv } from "@/bench/report";

const points = (power: number): GrowthPoint[] =>
  [128, 256, 512, 1024].map((value) => {
    const stepMs = 3 * value ** power;
    return { axis: "tokens", value, stepMs, tokensPerSecond: (1000 * value) / stepMs, gflop: value };
  });

test("the exponent is the power by which time grows", () => {
  for (const power of [0.5, 1, 2]) expect(exponent(points(power))).toBeCloseTo(power, 10);
});

test("shares are grouped into products, attention and the rest, and none is lost", () => {
  const kernel = (name: string, share: number) => ({ kernel: name, calls: 1, ms: share, share });
  const kernels = [
    kernel("linear.forward", 0.5),
    kernel("lora.gradient", 0.1),
    kernel("attention.forward", 0.25),
    kernel("rope.forward", 0.15),
  ];
  expect(groupShares(kernels)).toEqual({ products: 0.6, attention: 0.25, "everything else": 0.15 });
});

test("linear growth lies on the dashed line of the drawing; faster growth above it", () => {
  for (const { y, linear } of placePoints(points(1))) expect(y).toBeCloseTo(linear, 6);
  const square = placePoints(points(2));
  expect(square.at(-1)?.y).toBeLessThan(square.at(-1)?.linear ?? 0);
  const svg = growthSvg([...points(1), ...points(1).map((point) => ({ ...point, axis: "layers" as const }))]);
  expect(svg.match(/<circle/g)).toHaveLength(8);
  expect(svg).toContain("Sequence length: power 1.00");
  // Times of hundreds of milliseconds stay digits.
  expect(svg).not.toContain("e+");
  expect(growthSvg(points(1).map((point) => ({ ...point, stepMs: 77 * point.stepMs })))).not.toContain("e+");
});

test("the CSV has a line per point", () => {
  expect(growthCsv(points(1)).trim().split("\n")).toHaveLength(5);
});
