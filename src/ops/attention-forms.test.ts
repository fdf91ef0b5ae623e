/**
 * Training's attention in workgroup memory, and with operands in f16 where the GPU has the type, at lengths that no tile
 * divides. One head size per form: software GPUs compile each of these kernels for seconds.
 */
import { expect, test } from "vitest";
import { attentionForm } from "@/gpu/attention-form";
import { createGraph, external } from "@/graph/graph";
import type { Target } from "@/graph/target";
import { attention } from "@/ops/attention";
import { packed, reference } from "@/ops/attention-reference";
import { checkOp, indices, input } from "@/ops/check";
import { gpuAttending, gpuDevice, halfTarget } from "@/ops/check-device";

async function checkAttention(
  [heads, kvHeads, headDim]: readonly [number, number, number],
  lengths: readonly number[],
  on: readonly Target[],
): Promise<void> {
  const shape = { heads, kvHeads, headDim, scale: 1 / Math.sqrt(headDim) };
  const spans = packed(lengths, 3);
  await checkOp(
    {
      inputs: {
        q: input([spans.length, heads * headDim], 1, "flow", 3),
        k: input([spans.length, kvHeads * headDim], 2, "flow"),
        v: input([spans.length, kvHeads * headDim], 3, "flow"),
        span: indices([spans.length, 2], spans.flat()),
      },
      trace: (g, t) => attention(g, t, shape),
      reference: reference(shape, spans),
    },
    on,
  );
}

// One tile and less, several of them, sequences that begin and end inside of one.
test.each([[[5]], [[40, 1, 27]], [[3, 2, 9, 70]]])("sequences %j in shared tiles", async (lengths) => {
  await checkAttention([4, 2, 36], lengths, [await gpuAttending("shared")]);
});

// Each lane for itself, and four that share their loads.
test.each(["registers", "quads"] as const)("sequences in %s", async (form) => {
  const { device } = await gpuDevice();
  if (form === "quads" && !device.features.has("subgroups")) return;
  for (const lengths of [[5], [40, 1, 27]]) await checkAttention([4, 2, 36], lengths, [await gpuAttending(form)]);
});

const half = await halfTarget({ form: "registers", rows: 4 });
test.skipIf(!half)("operands in f16, sums in f32", async () => {
  await checkAttention([2, 1, 16], [13, 4], half ? [half] : []);
});

test("what looks at a cache, large heads and the row sums keep their kernels", () => {
  const g = createGraph("forms");
  const trace = (keys: number, headDim: number) => {
    const [q, k] = [external("q", [64, headDim]), external("k", [keys, headDim])];
    attention(g, { q, k, v: k, span: external("span", [64, 2], "u32") }, { heads: 1, kvHeads: 1, headDim, scale: 1 });
    const call = g.calls.at(-1);
    return call && attentionForm(call, false, () => "shared").kernel;
  };
  expect(trace(64, 128)).toBe("attention-shared.forward");
  expect(trace(96, 128)).toBe("attention.forward_cached");
  expect(trace(64, 256)).toBe("attention.forward");
});
