import { test } from "vitest";
import { type Case, checkOp, indices, input } from "@/ops/check";
import { gpuAsHardware } from "@/ops/check-device";
import { embed } from "@/ops/embed";
import { weight } from "@/ops/reference";

test.each([
  ["f32", 5, 4, 1],
  ["f32", 301, 36, 3],
  ["f16", 301, 12, 1],
  ["f16", 7, 100, 0.5],
] as const)("rows of an %s table of %i × %i, times %f", async (format, vocab, width, scale) => {
  const tokens = [0, vocab - 1, 3, 3, 1, vocab - 2, 4];
  await checkOp({
    inputs: { tokens: indices([tokens.length], tokens), w: weight([vocab, width], 1, format) },
    trace: (g, t) => embed(g, t, { scale }),
    reference: ({ tokens, w }) => ({
      y: Array.from(tokens).flatMap((token) =>
        Array.from(w)
          .slice(token * width, (token + 1) * width)
          .map((value) => scale * value),
      ),
    }),
    tolerance: 1e-7,
  });
});

/** Repeated tokens, and a table of which most rows are never read. */
function learned(rows: number, vocab: number, width: number): Case<"tokens" | "w"> {
  const tokens = Array.from({ length: rows }, (_, t) => (t * t) % Math.min(vocab, 19));
  return {
    inputs: { tokens: indices([rows], tokens), w: input([vocab, width], 1, "param") },
    trace: (g, t) => embed(g, t, { scale: 0.5 }),
    reference: ({ w = [] }) => ({
      y: tokens.flatMap((token) => Array.from({ length: width }, (_, i) => 0.5 * (w[token * width + i] ?? 0))),
    }),
    runs: 2,
  };
}

test.each([
  [1, 5, 4],
  [24, 40, 36],
  [70, 7, 100],
])("gradient of a table that is trained, %i rows of %i × %i", async (rows, vocab, width) => {
  await checkOp(learned(rows, vocab, width));
});

test("the same as on hardware", async () => {
  await checkOp(learned(70, 23, 20), [await gpuAsHardware()]);
});
