import { expect, test } from "vitest";
import { createHold } from "./hold";

function sample(count: number, limit: number, seed: number, characters = 1, most = 1e9): number[] {
  const hold = createHold<number>(limit, seed, most);
  for (let i = 0; i < count; i++) hold.add(i, characters);
  expect(hold.total()).toBe(count);
  return hold.items();
}

test("all of few, in order", () => {
  expect(sample(5, 10, 1)).toEqual([0, 1, 2, 3, 4]);
  expect(sample(10, 10, 1)).toHaveLength(10);
});

test("of many, so many, the same each time, others with another seed", () => {
  const held = sample(10_000, 100, 7);
  expect(held).toHaveLength(100);
  expect(held).toEqual([...held].sort((a, b) => a - b));
  expect(sample(10_000, 100, 7)).toEqual(held);
  expect(sample(10_000, 100, 8)).not.toEqual(held);
});

test("every place has the same chance", () => {
  const counts = [0, 0, 0, 0];
  for (let seed = 0; seed < 40; seed++)
    for (const i of sample(400, 40, seed)) counts[Math.floor(i / 100)] = (counts[Math.floor(i / 100)] ?? 0) + 1;
  for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(80);
});

test("long rows make the sample smaller, so that its text stays within bounds", () => {
  const held = sample(1000, 500, 3, 1000, 100_000);
  expect(held.length).toBeLessThanOrEqual(100);
  expect(held.length).toBeGreaterThan(20);
});
