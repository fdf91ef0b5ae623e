import { expect, test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { NO_STEP, packStep, STEP_BYTES } from "@/graph/step";
import type { Target } from "@/graph/target";
import { load, randoms, targets } from "@/ops/check";
import { softmax } from "@/ops/reference";
import { sample } from "@/ops/sample";

/** One token per row. Rows are padded with the largest logits of all, which must never be drawn. */
async function draw(
  target: Target,
  rows: readonly ArrayLike<number>[],
  keys: readonly number[],
  { temperature = 1, seed = 1 },
): Promise<number[]> {
  const vocab = rows[0]?.length ?? 0;
  const stride = Math.ceil((vocab + 1) / 4) * 4;
  const logits = new Float32Array(rows.length * stride).fill(1000);
  for (const [s, row] of rows.entries()) logits.set(row, s * stride);
  const g = createGraph("sample");
  const symbols = {
    logits: external("logits", [rows.length, stride]),
    keys: external("keys", [rows.length], "u32"),
    tokens: external("tokens", [rows.length], "u32"),
    step: external("step", [STEP_BYTES / 4]),
  };
  sample(g, symbols, vocab);
  const step = packStep({ ...NO_STEP, temperature, seed });
  const loaded = await load(target, g, { logits, keys: Uint32Array.from(keys), step });
  await loaded.run();
  const tokens = Array.from(await loaded.words("tokens"));
  loaded.release();
  return tokens;
}

test("greedy takes the largest, and the smaller id of equals", async () => {
  for (const target of await targets()) {
    const long = randoms([300], 1, 60).map((value, i) => (i === 70 || i === 135 || i === 299 ? 61 : value));
    expect(await draw(target, [long], [0], { temperature: 0 }), target.name).toEqual([70]);
    const rows = [
      [1, 5, 5, 0, 2],
      [-60, -70, -80, -59, -59],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 1],
    ];
    expect(await draw(target, rows, [0, 1, 2, 3], { temperature: 0 }), target.name).toEqual([1, 3, 0, 4]);
  }
});

/** Σ (seen - expected)² / expected; tokens that are rarely expected share a bin. */
function chiSquare(tokens: readonly number[], p: Float64Array): { value: number; freedom: number } {
  const seen = new Float64Array(p.length);
  for (const token of tokens) seen[token] = (seen[token] ?? 0) + 1;
  const bins: [number, number][] = [[0, 0]];
  p.forEach((probability, token) => {
    const expected = probability * tokens.length;
    const bin: [number, number] = [seen[token] ?? 0, expected];
    const rare = bins[0];
    if (expected >= 5 || !rare) bins.push(bin);
    else bins[0] = [rare[0] + bin[0], rare[1] + bin[1]];
  });
  const used = bins.filter(([, expected]) => expected >= 5);
  const value = used.reduce((sum, [count, expected]) => sum + (count - expected) ** 2 / expected, 0);
  return { value, freedom: used.length - 1 };
}

test.each([
  [5, 1, 1],
  [5, 0.5, 2],
  [300, 1, 3],
  [300, 1.7, 4],
])("4000 draws from %i tokens at temperature %f follow the softmax", async (vocab, temperature, seed) => {
  const logits = randoms([vocab], seed, 2);
  const keys = Array.from({ length: 4000 }, (_, i) => i);
  const p = softmax(logits.map((value) => value / temperature));
  for (const target of await targets()) {
    const tokens = await draw(
      target,
      keys.map(() => logits),
      keys,
      { temperature, seed },
    );
    expect(Math.max(...tokens), target.name).toBeLessThan(vocab);
    const { value, freedom } = chiSquare(tokens, p);
    // Four standard deviations above the mean of the distribution of χ².
    expect(value, target.name).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom));
  }
});

test("equal seed and key draw equal tokens, whatever else is in the batch; others draw others", async () => {
  const logits = randoms([300], 1);
  const rows = (count: number) => Array.from({ length: count }, () => logits);
  for (const target of await targets()) {
    const tokens = await draw(target, rows(4), [7, 8, 9, 7], { seed: 5 });
    expect(tokens[3], target.name).toBe(tokens[0]);
    expect(new Set(tokens).size, target.name).toBe(3);
    expect(await draw(target, rows(2), [9, 7], { seed: 5 }), target.name).toEqual([tokens[2], tokens[0]]);
    expect(await draw(target, rows(4), [7, 8, 9, 7], { seed: 6 }), target.name).not.toEqual(tokens);
  }
});

/** The hash behind the noise, to find its extreme values: a model with a large vocabulary meets them. */
function pcg(value: number): number {
  const state = (Math.imul(value, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

test("every target draws the same tokens", async () => {
  const keys = Array.from({ length: 200 }, (_, i) => i);
  const rows = keys.map((key) => randoms([300], key, 3));
  const drawn = await Promise.all((await targets()).map((target) => draw(target, rows, keys, { seed: 12 })));
  // Rounding may decide between two tokens that are as good as equal, in one row of many.
  for (const tokens of drawn) {
    expect(tokens.filter((token, s) => token !== drawn[0]?.[s]).length).toBeLessThanOrEqual(1);
  }
});

test("no draw is so lucky that a hopeless token wins", async () => {
  const vocab = 300;
  const find = (wanted: number) => {
    for (let key = 0; ; key++) {
      const hash = pcg(key ^ pcg(1));
      for (let token = 0; token < vocab; token++) if (pcg(token ^ hash) >>> 8 === wanted) return { key, token };
    }
  };
  const found = [find(0), find(0xffffff)];
  const rows = found.map(({ token }) => Float32Array.from({ length: vocab }, (_, i) => (i === token ? -30 : 0)));
  for (const target of await targets()) {
    const tokens = await draw(
      target,
      rows,
      found.map(({ key }) => key),
      {},
    );
    for (const [s, { token }] of found.entries()) expect(tokens[s], target.name).not.toBe(token);
  }
});
