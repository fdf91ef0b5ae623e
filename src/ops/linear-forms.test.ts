/** Every form of a product, forced on the GPU, at shapes that no tile divides. */
import { describe, expect, test } from "vitest";
import type { Variant } from "@/gpu/products";
import { createGraph, external } from "@/graph/graph";
import { STEP_BYTES } from "@/graph/step";
import { type Case, checkOp, input, load, type Numbers, randoms } from "@/ops/check";
import { compilesSlowly, gpuWith } from "@/ops/check-device";
import { linear, multiply } from "@/ops/linear";
import { times, weight } from "@/ops/reference";

const FORMS: readonly Variant[] = [
  { form: "registers", rows: 16 },
  { form: "quads", rows: 16 },
  { form: "quads", rows: 4 },
  { form: "shared", side: 8 },
  { form: "shared", side: 16 },
  { form: "split", split: 4, rows: 16 },
  { form: "split", split: 64, rows: 8 },
];
/** Lavapipe's compiler splits a kernel at each of its waits, and did not get through those of 64 lanes in two minutes. */
const slow = await compilesSlowly();
const named = FORMS.filter(({ split }) => !slow || split !== 64).map(
  (variant) => [Object.values(variant).join(" "), variant] as const,
);

type Names = "x" | "w" | "a" | "b";

function adapted(rows: number, k: number, n: number, rank: number, trained: boolean): Case<Names> {
  return {
    inputs: {
      x: input([rows, k], 1, trained ? "flow" : undefined),
      w: weight([n, k], 2, "f16"),
      a: input([rank, k], 3, trained ? "param" : undefined),
      b: input([n, rank], 4, trained ? "param" : undefined),
    },
    trace: (g, { x, w, a, b, step }) => ({ y: linear(g, x, w, { a, b }, step) }),
    reference: ({ x, w, a, b }: Record<Names, Numbers>) => {
      const low = times(times(x, a, k), b, rank);
      return { y: times(x, w, k).map((value, i) => value + 0.5 * (low[i] ?? Number.NaN)) };
    },
    step: { adapter_scale: 0.5 },
  };
}

describe.each(named)("%s", (_, variant) => {
  test.each([
    [40, 36, 68, 12, true],
    [3, 100, 36, 8, false],
  ] as const)("%i rows, %i to %i, rank %i, with gradients %s", async (rows, k, n, rank, trained) => {
    await checkOp(adapted(rows, k, n, rank, trained), [await gpuWith(variant)]);
  });
});

test.each(named)("%s: 128 rows give the same bits twice", async (_, variant) => {
  const target = await gpuWith(variant);
  const g = createGraph("twice");
  const y = multiply(g, external("x", [128, 52]), external("w", [24, 52]));
  const out = { ...y, storage: { ...y.storage, name: "y", external: true } };
  g.calls.splice(0, 1, ...g.calls.map((item) => ({ ...item, writes: { y: out } })));
  const loaded = await load(target, g, {
    x: randoms([128, 52], 1),
    w: randoms([24, 52], 2),
    step: new Uint8Array(STEP_BYTES),
  });
  await loaded.run();
  const first = await loaded.words("y");
  await loaded.run();
  expect(await loaded.words("y")).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(1000);
  loaded.release();
});
