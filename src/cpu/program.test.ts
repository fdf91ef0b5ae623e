import { expect, test } from "vitest";
import { callWords, listBytes, writeList } from "@/cpu/program";
import { call, createGraph, external } from "@/graph/graph";
import type { Call, Tensor } from "@/graph/target";

const KERNELS = new Map([
  ["add_forward", 3],
  ["rmsnorm_forward", 5],
]);
const addresses = new Map([
  ["a", 64],
  ["b", 128],
  ["y", 192],
]);
const place = (tensor: Tensor) => addresses.get(tensor.storage.name) ?? 0;
const [a, b, y] = ["a", "b", "y"].map((name) => external(name, [2, 8])) as [Tensor, Tensor, Tensor];

function traced(kernel: string, reads: Record<string, Tensor>, constants: Record<string, number> = {}): Call {
  const g = createGraph("test");
  call(g, kernel, { reads, writes: { y } }, constants, 1);
  return g.calls[0] as Call;
}

test("a call becomes its kernel, addresses, sizes and reals", () => {
  expect(callWords(traced("add.forward", { a, b }), KERNELS, place)).toEqual({
    words: [3, 64, 128, 192, 16],
    reals: 5,
    small: true,
  });
  const norm = traced("rmsnorm.forward", { x: a, w: b }, { WIDTH: 8, EPS: 0.5 });
  expect(callWords(norm, KERNELS, place)).toMatchObject({ words: [5, 64, 128, 192, 2, 8, 0.5], reals: 6 });
});

test("the list holds addresses first, then each call's words", () => {
  const calls = [
    callWords(traced("add.forward", { a, b }), KERNELS, place),
    callWords(traced("rmsnorm.forward", { x: a, w: b }, { WIDTH: 8, EPS: 0.5 }), KERNELS, place),
  ];
  const bytes = new Uint8Array(listBytes(calls));
  writeList(calls, bytes, 1000);
  const words = new Int32Array(bytes.buffer);
  expect([...words.slice(0, 8)]).toEqual([1013, 1033, 0, 3, 64, 128, 192, 16]);
  expect(new Float32Array(bytes.buffer).at(-1)).toBe(0.5);
});

test.each([
  [traced("conv.forward", { a, b }), /no kernel "conv.forward"/],
  [traced("add.forward", { a }), /"add.forward" lacks "b"/],
  [traced("add.forward", { a, b, c: b }), /does not know "c"/],
  [traced("rmsnorm.forward", { x: a, w: b }, { EPS: 1 }), /needs a constant WIDTH/],
  [traced("rmsnorm.forward", { x: a, w: b }, { WIDTH: 3, EPS: 1 }), /shapes do not fit/],
])("a call that does not fit says how (%#)", (wrong, message) => {
  expect(() => callWords(wrong, KERNELS, place)).toThrow(message);
});
