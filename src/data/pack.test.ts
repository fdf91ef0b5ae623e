import { describe, expect, test } from "vitest";
import { createRandom } from "@/util/random";
import type { Encoded } from "./encode";
import { batches, batchPlace, bucketFor, bucketOf, NONE, packBatch } from "./pack";

const rows: Encoded[] = [
  { ids: [11, 12, 13], labels: [-100, 12, 13] },
  { ids: [21], labels: [21] },
  { ids: [31, 32, 33, 34], labels: [31, -100, 33, -100] },
];

test("sequences lie end to end, each seeing itself alone", () => {
  const batch = packBatch(rows);
  expect(batch.counts).toEqual({ tokens: 8, labels: 3 });
  expect([batch.tokens.length, batch.labelRows.length]).toEqual([64, 64]);
  expect([...batch.tokens.slice(0, 9)]).toEqual([11, 12, 13, 21, 31, 32, 33, 34, 0]);
  expect([...batch.positions.slice(0, 9)]).toEqual([0, 1, 2, 0, 0, 1, 2, 3, 0]);
  expect([...batch.span.slice(0, 20)]).toEqual([0, 1, 0, 2, 0, 3, 3, 4, 4, 5, 4, 6, 4, 7, 4, 8, 8, 9, 9, 10]);
  expect([...batch.span.slice(126)]).toEqual([63, 64]);
});

test("the row before a labelled token predicts it; a first token is no target", () => {
  const batch = packBatch(rows);
  expect([...batch.labelRows.slice(0, 4)]).toEqual([0, 1, 5, NONE]);
  expect([...batch.targets.slice(0, 4)]).toEqual([12, 13, 33, 0]);
  expect([...batch.rowWeights.slice(0, 4)]).toEqual([1, 1, 1, 0]);
  expect([...batch.labelSlots.slice(0, 9)]).toEqual([0, 1, NONE, NONE, NONE, 2, NONE, NONE, NONE]);
});

test("random rows are all found again", () => {
  const random = createRandom(9);
  for (let round = 0; round < 30; round++) {
    const many: Encoded[] = Array.from({ length: 1 + random.below(20) }, () => {
      const ids = Array.from({ length: 1 + random.below(90) }, () => random.below(400));
      return { ids, labels: ids.map((id) => (random.below(3) === 0 ? -100 : id)) };
    });
    const batch = packBatch(many);
    const wanted = many.flatMap(({ labels }) =>
      Array.from(labels)
        .slice(1)
        .filter((label) => label >= 0),
    );
    expect([...batch.targets.slice(0, batch.counts.labels)]).toEqual(wanted);
    expect(batch.rowWeights.reduce((a, b) => a + b, 0)).toBe(wanted.length);
    for (let slot = 0; slot < batch.counts.labels; slot++) {
      const row = batch.labelRows[slot] ?? NONE;
      expect(batch.labelSlots[row]).toBe(slot);
      expect(batch.tokens[row + 1]).toBe(batch.targets[slot]);
      expect(batch.span[2 * row]).toBe(batch.span[2 * (row + 1)]);
    }
  }
});

describe("buckets", () => {
  test("grow in coarser steps", () => {
    expect([0, 1, 64, 65, 512, 513, 2048, 2049].map(bucketOf)).toEqual([64, 64, 64, 128, 512, 640, 2048, 2304]);
  });
  test("labels never take more than the tokens do", () => {
    const long: Encoded = { ids: new Array(100).fill(1), labels: new Array(100).fill(1) };
    expect(bucketFor([long])).toEqual({ tokens: 128, labels: 128 });
    expect(bucketFor([])).toEqual({ tokens: 64, labels: 64 });
  });
  test("may be asked larger, not smaller", () => {
    expect(packBatch(rows, { tokens: 128, labels: 3 }).tokens).toHaveLength(128);
    expect(() => packBatch(rows, { tokens: 7, labels: 3 })).toThrow(expect.objectContaining({ code: "internal" }));
    expect(() => packBatch(rows, { tokens: 64, labels: 2 })).toThrow(expect.objectContaining({ code: "internal" }));
  });
});

describe("the order of batches", () => {
  const take = (n: number, ...args: Parameters<typeof batches>) => {
    const order = batches(...args);
    return Array.from({ length: n }, () => order.next().value);
  };
  test("takes every row once per epoch, in a new order each time", () => {
    const drawn = take(8, 10, 3, 42);
    expect(drawn.map(({ length }) => length)).toEqual([3, 3, 3, 1, 3, 3, 3, 1]);
    const epochs = [drawn.slice(0, 4).flat(), drawn.slice(4).flat()];
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(take(8, 10, 3, 43)).not.toEqual(drawn);
  });
  test("resumes anywhere as if it had never stopped", () => {
    const whole = take(20, 10, 3, 42);
    for (const n of [0, 1, 3, 4, 5, 13]) {
      expect(take(20 - n, 10, 3, 42, batchPlace(n, 10, 3))).toEqual(whole.slice(n));
    }
  });
  test("needs a row", () => {
    expect(() => take(1, 0, 3, 42)).toThrow(expect.objectContaining({ code: "dataset/empty" }));
  });
});
