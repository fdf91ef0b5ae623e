import { expect, test } from "vitest";
import { type Dialect, kernelSource } from "@/gpu/kernel";
import { SHADERS } from "@/gpu/shaders";
import { external } from "@/graph/graph";
import type { Call } from "@/graph/target";

const PLAIN: Dialect = { reduce: "reduce" };
const x = external("x", [4, 8]);
const w = external("w", [8]);
const y = external("y", [4, 8]);
const CALL: Call = {
  kernel: "rmsnorm.forward",
  reads: { x, w },
  writes: { y },
  constants: { WIDTH: 8, EPS: 1e-5 },
  grid: [4, 1, 1],
  label: "layers.0.rmsnorm.rmsnorm.forward",
};

test("operands bind by name, and constants are compiled in", () => {
  const { code, entry, bindings } = kernelSource(CALL, PLAIN);
  expect(entry).toBe("forward");
  expect(Object.fromEntries([...bindings].map(([name, { type }]) => [name, type]))).toEqual({
    x: "read-only-storage",
    w: "read-only-storage",
    y: "storage",
  });
  expect(code).toContain("const WIDTH: u32 = 8;");
  expect(code).toContain("const EPS: f32 = 0.00001;");
  expect(code).not.toContain("override");
});

test.each<[string, Partial<Call>, RegExp]>([
  ["a misspelt operand", { reads: { x, weight: w } }, /shaders\/rmsnorm\.wgsl has no binding "weight"/],
  ["a missing constant", { constants: { WIDTH: 8 } }, /rmsnorm.*EPS/],
  ["a constant too many", { constants: { WIDTH: 8, EPS: 1e-5, DEPTH: 3 } }, /rmsnorm.*DEPTH/],
  ["reading what is written", { reads: { x, w, y }, writes: {} }, /shaders\/rmsnorm\.wgsl: "y" is storage/],
  ["writing what is read", { reads: { w }, writes: { x, y } }, /shaders\/rmsnorm\.wgsl: "x" is read-only-storage/],
  ["a file that is not there", { kernel: "rmsnrom.forward" }, /no shaders\/rmsnrom\.wgsl/],
])("%s is refused with the file's name", (_, change, message) => {
  expect(() => kernelSource({ ...CALL, ...change }, PLAIN)).toThrow(message);
});

test("the format of w chooses its library, and one without a library is refused", () => {
  const call: Call = {
    ...CALL,
    kernel: "embed.forward",
    reads: { tokens: external("tokens", [4], "u32"), w: external("w", [9, 8], "f16") },
    constants: { SCALE: 1, W_COLS: 8 },
  };
  expect(kernelSource(call, PLAIN).code).toContain("unpack2x16float");
  const native = kernelSource(call, { ...PLAIN, "weight-f16": "weight-f16-native" }).code;
  expect(native).toMatch(/^enable f16;/);
  expect(native).not.toContain("unpack2x16float");
  const odd = { ...external("w", [9, 8]), format: "odd" as "f32" };
  expect(() => kernelSource({ ...call, reads: { ...call.reads, w: odd } }, PLAIN)).toThrow(
    "shaders/embed.wgsl uses lib/weight-odd, which does not exist",
  );
});

test("where barriers are dear, reductions use subgroups and say so first", () => {
  expect(kernelSource(CALL, PLAIN).code).toContain("workgroupBarrier");
  const { code } = kernelSource(CALL, { reduce: "reduce-subgroup" });
  expect(code).not.toContain("workgroupBarrier");
  expect(code.startsWith("enable subgroups;")).toBe(true);
});

test("no file gives two bindings one number", () => {
  for (const [name, text] of SHADERS) {
    const numbers = [...text.matchAll(/@binding\((\d+)\)/g)].map(([, number]) => number);
    expect(new Set(numbers).size, name).toBe(numbers.length);
  }
});
