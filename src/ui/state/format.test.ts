import { describe, expect, it } from "vitest";
import { bytes, compact, duration, learningRate, loss, percent, pValue, signedPoints } from "@/ui/state/format";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("format", () => {
  it("keeps three significant digits of a size and never shows 1000 of a unit", () => {
    expect([0, 999, 1000, 12_345, 999_600, 1_234_567, 5.5e9].map((n) => plain(bytes(n)))).toEqual([
      "0 B",
      "999 B",
      "1.00 kB",
      "12.3 kB",
      "1.00 MB",
      "1.23 MB",
      "5.50 GB",
    ]);
  });

  it("shortens counts", () => {
    expect([12, 9_999, 45_600, 5_123_456, 1.2e9].map((n) => plain(compact(n)))).toEqual([
      "12",
      "9,999",
      "45.6 k",
      "5.1 M",
      "1.2 B",
    ]);
  });

  it("speaks of time left in the unit that matters", () => {
    expect([-1, 8.4, 60, 95, 600, 3600, 5400].map((n) => plain(duration(n)))).toEqual([
      "0 s",
      "8 s",
      "1 min",
      "1 min 35 s",
      "10 min",
      "1 h 00 min",
      "1 h 30 min",
    ]);
  });

  it("writes rates, differences, p and loss", () => {
    expect(plain(percent(0.615))).toBe("62 %");
    expect(signedPoints(-0.042)).toBe("\u22124");
    expect(signedPoints(0.62)).toBe("+62");
    expect([0.00002, 0.034, 0.4].map(pValue)).toEqual(["p < 0.001", "p = 0.034", "p = 0.40"]);
    expect([2e-4, 3.14e-5, 0.01, 0].map(learningRate)).toEqual(["2e-4", "3.14e-5", "0.01", "0"]);
    expect([1.23456, 0.0021, Number.NaN].map(loss)).toEqual(["1.235", "2.1e-3", "not a number"]);
  });
});
