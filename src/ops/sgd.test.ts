import { test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { NO_STEP, packStep, STEP_BYTES } from "@/graph/step";
import { compare, load, randoms, targets } from "@/ops/check";
import { globalNorm } from "@/ops/norm";
import { sgd } from "@/ops/sgd";

const [RATE, MOMENTUM, RATIO] = [0.05, 0.9, 2];

/** torch.nn.utils.clip_grad_norm_ and torch.optim.SGD, in float64. */
function train(start: Float32Array, gradients: readonly Float32Array[], decay: number, maxNorm: number) {
  const param = Float64Array.from(start);
  const m = new Float64Array(start.length);
  for (const gradient of gradients) {
    const clip = maxNorm > 0 ? Math.min(1, maxNorm / (Math.hypot(...gradient) + 1e-6)) : 1;
    gradient.forEach((raw, i) => {
      const before = param[i] ?? 0;
      m[i] = MOMENTUM * (m[i] ?? 0) + raw * clip + decay * before;
      param[i] = before - RATE * RATIO * (m[i] ?? 0);
    });
  }
  return { param, m };
}

test.each([
  ["no decay, no clipping", 20, 0, 0, true],
  ["decay and clipping", 260, 0.1, 1, true],
  ["decay that spares these, and clipping", 20, 0.1, 1, false],
] as const)("three steps with %s, %i values", async (_, length, decay, maxNorm, decays) => {
  const start = randoms([length], 1);
  const gradients = [10, 11, 12].map((seed) => randoms([length], seed, 1.3));
  const expected = train(start, gradients, decays ? decay : 0, maxNorm);
  for (const target of await targets()) {
    const g = createGraph("sgd");
    const symbols = {
      param: external("param", [length]),
      grad: external("grad", [length]),
      m: external("m", [length]),
    };
    const norm = external("norm", [1]);
    globalNorm(g, symbols.grad, norm);
    sgd(g, { ...symbols, norm, step: external("step", [STEP_BYTES / 4]) }, { ratio: RATIO, decays });
    const step = { ...NO_STEP, learning_rate: RATE, beta1: MOMENTUM, weight_decay: decay, max_norm: maxNorm };
    const loaded = await load(target, g, { param: start, step: packStep(step) });
    for (const grad of gradients) {
      loaded.write("grad", grad);
      await loaded.run();
    }
    compare(await loaded.floats("param"), [...expected.param], 1e-6, `${target.name} param`);
    compare(await loaded.floats("m"), [...expected.m], 1e-6, `${target.name} m`);
    loaded.release();
  }
});
