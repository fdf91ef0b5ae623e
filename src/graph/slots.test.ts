import { expect, test } from "vitest";
import { bytesBeside, createSlotPool } from "@/graph/slots";
import type { DeviceBuffer } from "@/graph/target";

function pool(most = Number.POSITIVE_INFINITY) {
  const live = new Set<DeviceBuffer>();
  const allocate = (bytes: number, label: string) => {
    if (bytes > most) throw new Error("out of memory");
    const buffer = { bytes, label };
    live.add(buffer);
    return buffer;
  };
  const bytes = () => [...live].reduce((sum, buffer) => sum + buffer.bytes, 0);
  return { ...createSlotPool(allocate, (buffer) => void live.delete(buffer)), bytes };
}

test("programs share buffers, and a smaller one finds its place in what is reserved", () => {
  const { take, reserve, bytes } = pool();
  reserve([10, 40]);
  const first = take([8, 30]);
  const second = take([40, 10]);
  expect(new Set([...first, ...second]).size).toBe(2);
  expect(first.map((buffer) => buffer.bytes)).toEqual([10, 40]);
  expect(bytes()).toBe(50);
});

test("what a program takes beside another is what fits into none of its slots", () => {
  expect(bytesBeside([10, 40], [8, 30])).toBe(0);
  expect(bytesBeside([10, 40], [8, 30, 5])).toBe(5);
  expect(bytesBeside([10, 40], [50, 9])).toBe(50);
});

test("what nobody holds goes when more is needed; what is held stays", () => {
  const { take, give, reserve, bytes } = pool();
  reserve([10, 40]);
  const kept = take([10]);
  reserve([50, 60]);
  expect(bytes()).toBe(120);
  give(kept);
  expect(bytes()).toBe(120);
  reserve([70, 80]);
  expect(bytes()).toBe(150);
});

test("what could not be had whole is held in no part", () => {
  const { take, bytes } = pool(100);
  expect(() => take([10, 20, 200])).toThrow("out of memory");
  take([30, 40]);
  expect(bytes()).toBe(70);
});
