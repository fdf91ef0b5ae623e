import { expect, test } from "vitest";
import { createRandom, hashString, shuffle } from "./random";

test("a seed fixes the stream, and streams differ", () => {
  const draw = (seed: number, stream?: number) => {
    const random = createRandom(seed, stream);
    return Array.from({ length: 5 }, random.uint32);
  };
  expect(draw(42)).toEqual(draw(42));
  expect(draw(42)).not.toEqual(draw(43));
  expect(draw(42, 1)).not.toEqual(draw(42, 2));
  expect(new Set([0, 1, 2, 3].flatMap((seed) => draw(seed))).size).toBe(20);
});

test("every bit of the stream is as often 1 as 0", () => {
  const random = createRandom(1);
  const values = Array.from({ length: 20_000 }, random.uint32);
  for (let bit = 0; bit < 32; bit++) {
    const ones = values.filter((value) => (value >>> bit) & 1).length;
    expect(Math.abs(ones - 10_000)).toBeLessThan(400);
  }
});

test("floats, bounded integers and normals have their moments", () => {
  const random = createRandom(7);
  const n = 40_000;
  let sum = 0;
  let normalSum = 0;
  let normalSquares = 0;
  const faces = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const u = random.float();
    expect(u >= 0 && u < 1).toBe(true);
    sum += u;
    const z = random.normal();
    normalSum += z;
    normalSquares += z * z;
    const face = random.below(6);
    faces[face] = (faces[face] ?? 0) + 1;
  }
  expect(sum / n).toBeCloseTo(0.5, 1);
  expect(Math.abs(normalSum / n)).toBeLessThan(0.02);
  expect(normalSquares / n).toBeCloseTo(1, 1);
  for (const count of faces) expect(Math.abs(count - n / 6)).toBeLessThan(350);
});

test("shuffle keeps every element and reaches every order", () => {
  const orders = new Map<string, number>();
  const random = createRandom(3);
  for (let i = 0; i < 6000; i++) {
    const order = shuffle([0, 1, 2], random).join("");
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  expect(orders.size).toBe(6);
  for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  expect([...shuffle(new Uint32Array([1, 2, 3, 4]), random)].sort()).toEqual([1, 2, 3, 4]);
});

test("the string hash depends on every character, on order and on the seed", () => {
  expect(hashString("ab")).not.toBe(hashString("ba"));
  expect(hashString("a", 1)).not.toBe(hashString("a", 2));
  // Published values of cyrb53.
  expect(hashString("a")).toBe(7929297801672961);
  expect(hashString("b")).toBe(8684336938537663);
  expect(hashString("revenge")).toBe(4051478007546757);
  const buckets = new Array(10).fill(0);
  for (let i = 0; i < 10_000; i++) buckets[Math.floor((hashString(`row ${i}`) / 2 ** 53) * 10)]++;
  for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
