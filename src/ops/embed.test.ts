import { test } from "vitest";
import { checkOp, indices } from "@/ops/check";
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
