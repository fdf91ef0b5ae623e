import { describe, expect, it } from "vitest";
import { describeCurve, smooth, smoothingWeight, thin } from "@/ui/state/series";

describe("smooth", () => {
  it("starts at the first value and keeps a constant series as it is", () => {
    expect(smooth([5, 5, 5], 0.9).map((value) => Number(value.toFixed(9)))).toEqual([5, 5, 5]);
    expect(smooth([3, 1], 0.5)[0]).toBeCloseTo(3);
    expect(smooth([3, 1], 0.5)[1]).toBeCloseTo((0.25 * 3 + 0.5 * 1) / 0.75);
  });

  it("carries the mean over gaps", () => {
    const [first, second, third] = smooth([Number.NaN, 2, Number.NaN], 0.5);
    expect(first).toBeNaN();
    expect(second).toBeCloseTo(2);
    expect(third).toBeCloseTo(2);
  });

  it("widens its window with the run, within bounds", () => {
    expect(smoothingWeight(10)).toBeCloseTo(0.5);
    expect(smoothingWeight(300)).toBeCloseTo(0.9);
    expect(smoothingWeight(10_000)).toBeCloseTo(1 - 1 / 40);
  });
});

describe("thin", () => {
  it("keeps short series whole", () => {
    expect(thin([1, 2, 3], 10)).toEqual([0, 1, 2]);
  });

  it("keeps ends and spikes of long ones", () => {
    const values = Array.from({ length: 5000 }, (_, index) => (index === 1234 ? 99 : Math.sin(index)));
    const kept = thin(values, 400);
    expect(kept.length).toBeLessThanOrEqual(400);
    expect(kept[0]).toBe(0);
    expect(kept.at(-1)).toBe(4999);
    expect(kept).toContain(1234);
  });
});

describe("describeCurve", () => {
  const write = (value: number) => value.toFixed(1);
  it("says where a curve went", () => {
    expect(describeCurve([3, 2, 1], write)).toBe("fell from 3.0 to 1.0");
    expect(describeCurve([1, 3], write)).toBe("rose from 1.0 to 3.0");
    expect(describeCurve([1, 1.01], write)).toBe("stayed level from 1.0 to 1.0");
    expect(describeCurve([1], write)).toBe("is 1.0");
    expect(describeCurve([], write)).toBe("no values yet");
  });
});
