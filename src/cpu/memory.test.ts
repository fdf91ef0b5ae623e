import { expect, test } from "vitest";
import { createHeap, createMemory } from "@/cpu/memory";
import { AppError } from "@/errors";

const MB = 2 ** 20;
const open = (budget?: number) => createHeap(createMemory(false), budget);

test("ranges are apart, aligned and zero, and grow with the need", () => {
  const heap = open();
  const taken = [100, 64, 3 * MB, 1, 20 * MB].map((bytes) => ({ bytes, address: heap.allocate(bytes, "test") }));
  for (const { address, bytes } of taken) {
    expect(address % 64).toBe(0);
    expect(address).toBeGreaterThan(0);
    expect(heap.view(address, bytes).every((byte) => byte === 0)).toBe(true);
    heap.view(address, bytes).fill(7);
  }
  const sorted = [...taken].sort((a, b) => a.address - b.address);
  sorted.forEach(({ address, bytes }, i) => {
    expect(address + bytes).toBeLessThanOrEqual(sorted[i + 1]?.address ?? heap.memory.buffer.byteLength);
  });
});

test("what was freed comes back zeroed, and neighbours merge", () => {
  const heap = open();
  const [a = 0, b = 0, c = 0] = [0, 1, 2].map(() => heap.allocate(1000, "piece"));
  const fence = heap.allocate(64, "fence");
  for (const address of [a, b, c]) heap.view(address, 1000).fill(9);
  heap.free(a);
  heap.free(c);
  heap.free(b);
  const joined = heap.allocate(3000, "joined");
  expect(joined).toBe(a);
  expect(heap.view(joined, 3000).every((byte) => byte === 0)).toBe(true);
  expect(joined + 3000).toBeLessThanOrEqual(fence);
});

test("freeing twice is an error", () => {
  const heap = open();
  const address = heap.allocate(10, "once");
  heap.free(address);
  expect(() => heap.free(address)).toThrow(AppError);
});

test("beyond the budget it says who asked, and keeps working", () => {
  const heap = open(40 * MB);
  heap.allocate(30 * MB, "first");
  expect(() => heap.allocate(30 * MB, "logits")).toThrow(/logits needs 30 MB/);
  try {
    heap.allocate(5000 * MB, "model");
  } catch (error) {
    expect(error).toMatchObject({ code: "device/out-of-memory", hint: expect.stringContaining("smaller") });
  }
  expect(heap.allocate(MB, "small")).toBeGreaterThan(0);
});
