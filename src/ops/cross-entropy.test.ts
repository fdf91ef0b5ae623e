import { test } from "vitest";
import { external } from "@/graph/graph";
import { type Case, checkOp, indices, input, type Numbers, randoms } from "@/ops/check";
import { gpuAsHardware } from "@/ops/check-device";
import { CHUNK_ROWS, type LossOptions, lossHead } from "@/ops/cross-entropy";
import { softmax, times, weight } from "@/ops/reference";

const WIDTH = 12;

/** Loss of rows of x under a head of `vocab` tokens; every third row weighs nothing. */
function head(
  rows: number,
  vocab: number,
  format: "f32" | "f16",
  scale: number,
  learns: boolean,
  options: LossOptions = {},
  headLearns = false,
): Case<string> {
  const targets = Array.from({ length: rows }, (_, l) => (l % 5 === 0 ? vocab - 1 : (l * 37) % vocab));
  const weights = randoms([rows], 9).map((value, l) => (l % 3 === 1 ? 0 : value));
  const lossScale = 0.25;
  return {
    inputs: {
      x: input([rows, WIDTH], 1, learns ? "flow" : undefined, scale),
      w: headLearns ? input([vocab, WIDTH], 2, "param") : weight([vocab, WIDTH], 2, format),
      targets: indices([rows], targets),
      weights: { shape: [rows], data: weights },
    },
    trace: (g, t) => {
      const nll = external("nll", [rows]);
      const { x, w, targets, weights, step } = t as Record<"x" | "w" | "targets" | "weights" | "step", typeof nll>;
      lossHead(g, { x, w, targets, weights, step, nll }, options);
      return { nll: { ...nll, needsGrad: learns || headLearns } };
    },
    reference: (inputs) => {
      const { x, w } = inputs as Record<"x" | "w", Numbers>;
      const logits = times(x, w, WIDTH).map((value) => value / (options.temperature ?? 1));
      const nll = targets.map((target, l) => {
        const p = softmax(logits.slice(l * vocab, (l + 1) * vocab));
        return weights[l] === 0 ? 0 : -Math.log(p[target] ?? Number.NaN);
      });
      return { nll };
    },
    step: { loss_scale: lossScale, adapter_scale: 1 },
    upstream: { nll: weights.map((value) => value * lossScale) },
  };
}

// A vocabulary of 301 leaves 3 columns of padding behind each row of logits.
test.each([
  [2 * CHUNK_ROWS, 301, "f16", 1],
  [CHUNK_ROWS, 301, "f32", 1],
  [CHUNK_ROWS, 5, "f32", 1],
  [CHUNK_ROWS, 64, "f16", 1],
] as const)("loss and gradient of %i rows, %i tokens, %s head", async (rows, vocab, format, scale) => {
  await checkOp(head(rows, vocab, format, scale, true));
});

test("logits of ±60", async () => {
  const test = head(CHUNK_ROWS, 21, "f32", 20, true);
  const logits = times(test.inputs.x?.data ?? [], test.inputs.w?.data ?? [], WIDTH);
  if (Math.max(...logits) < 60 || Math.min(...logits) > -60) throw new Error("the logits are too small to tell");
  await checkOp(test);
});

test("loss alone, as an evaluation computes it", async () => {
  await checkOp(head(2 * CHUNK_ROWS, 301, "f16", 3, false));
});

test.each([
  [0.7, false],
  [1.5, true],
] as const)("at temperature %d, staged: %o", async (temperature, staged) => {
  await checkOp(head(2 * CHUNK_ROWS, 301, "f16", 1, true, { temperature, staged }));
  await checkOp(head(CHUNK_ROWS, 64, "f32", 1, false, { temperature }));
});

test("loss and gradient as on hardware", async () => {
  await checkOp(head(CHUNK_ROWS, 301, "f16", 1, true), [await gpuAsHardware()]);
});

test.each([true, false])("gradient of a head that is trained, with one of x: %o", async (learns) => {
  await checkOp(head(2 * CHUNK_ROWS, 44, "f32", 1, learns, {}, true));
  await checkOp(head(CHUNK_ROWS, 44, "f32", 1, learns, { staged: true, temperature: 0.7 }, true));
});
