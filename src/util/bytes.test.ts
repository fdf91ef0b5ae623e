import { expect, test } from "vitest";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "./bytes";
import { createRandom } from "./random";

const half = (value: number) => f32ToF16(new Float32Array([value]))[0];
const brain = (value: number) => f32ToBf16(new Float32Array([value]))[0];

test("every f16 survives a round trip", () => {
  const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
  const values = f16ToF32(all);
  const back = f32ToF16(values);
  for (let bits = 0; bits < 0x10000; bits++) {
    if (Number.isNaN(values[bits])) expect((back[bits] ?? 0) & 0x7e00).toBe(0x7e00);
    else if (back[bits] !== bits) throw new Error(`${bits.toString(16)} came back as ${back[bits]?.toString(16)}`);
  }
});

test("every bf16 survives a round trip", () => {
  const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
  const values = bf16ToF32(all);
  const back = f32ToBf16(values);
  for (let bits = 0; bits < 0x10000; bits++) {
    if (!Number.isNaN(values[bits]) && back[bits] !== bits) throw new Error(`${bits} came back as ${back[bits]}`);
  }
});

test("f16 rounds half to even and saturates as IEEE 754 says", () => {
  expect(half(1)).toBe(0x3c00);
  expect(half(1 + 2 ** -11)).toBe(0x3c00); // a tie, down to even
  expect(half(1 + 3 * 2 ** -11)).toBe(0x3c02); // a tie, up to even
  expect(half(65504)).toBe(0x7bff);
  expect(half(65519.99)).toBe(0x7bff);
  expect(half(65520)).toBe(0x7c00);
  expect(half(-1e9)).toBe(0xfc00);
  expect(half(2 ** -24)).toBe(1);
  expect(half(2 ** -25)).toBe(0); // a tie with zero
  expect(half(2 ** -25 * 1.0001)).toBe(1);
  expect(half(1.5 * 2 ** -24)).toBe(2);
  expect(half(-0)).toBe(0x8000);
  expect(half(2 ** -14 - 2 ** -26)).toBe(0x0400); // rounds up from the largest subnormal
});

test("f16 picks the nearest value for random input", () => {
  const random = createRandom(5);
  const values = Float32Array.from({ length: 20_000 }, () => random.normal() * 2 ** (random.below(40) - 26));
  const bits = f32ToF16(values);
  const table = f16ToF32(Uint16Array.from({ length: 0x7c00 }, (_, i) => i));
  values.forEach((value, i) => {
    const magnitude = Math.abs(value);
    const at = (bits[i] ?? 0) & 0x7fff;
    if (magnitude >= 65504) return;
    const error = Math.abs((table[at] ?? 0) - magnitude);
    for (const neighbour of [at - 1, at + 1]) {
      const other = table[neighbour];
      if (other !== undefined && Math.abs(other - magnitude) < error) throw new Error(`${value} went to ${at}`);
    }
  });
});

test("bf16 rounds half to even and keeps NaN", () => {
  expect(brain(1)).toBe(0x3f80);
  expect(brain(1 + 2 ** -8)).toBe(0x3f80);
  expect(brain(1 + 3 * 2 ** -8)).toBe(0x3f82);
  expect(brain(3.4e38)).toBe(0x7f80);
  const quiet = new Float32Array(new Uint32Array([0x7f800001]).buffer);
  expect((f32ToBf16(quiet)[0] ?? 0) & 0x7fff).toBeGreaterThan(0x7f80);
});

test("a view into the middle of a buffer is read from its own offset", () => {
  const backing = new Float32Array([9, 1, 2, 9]);
  expect([...f16ToF32(f32ToF16(backing.subarray(1, 3)))]).toEqual([1, 2]);
});
