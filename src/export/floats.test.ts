import { describe, expect, it } from "vitest";
import { encodeFloats, type FloatType } from "@/export/floats";
import { bf16ToF32, f16ToF32 } from "@/util/bytes";

const encode = (type: FloatType, ...values: number[]) => encodeFloats(Float32Array.from(values), type, "blk.1.attn_q");

describe("floats of a file", () => {
  it("hold the largest value of their type", () => {
    expect(f16ToF32(new Uint16Array(encode("f16", 65504, -65519).buffer))).toEqual(Float32Array.of(65504, -65504));
    const [largest = 0] = bf16ToF32(new Uint16Array(encode("bf16", 3.396e38).buffer));
    expect(Number.isFinite(largest)).toBe(true);
  });

  it("are refused by the tensor's name where they would become infinite", () => {
    expect(() => encode("f16", 1, 65520)).toThrow("blk.1.attn_q holds 6.552e+4, beyond what f16 can say");
    expect(() => encode("f16", -1e6)).toThrow("beyond what f16");
    expect(() => encode("bf16", 3.4e38)).toThrow("beyond what bf16");
  });

  it("are refused where they are no numbers", () => {
    expect(() => encode("f32", 0, Number.NaN)).toThrow("holds NaN");
    expect(() => encode("bf16", Number.NEGATIVE_INFINITY)).toThrow("holds -Infinity");
  });
});
