import { test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { NO_STEP, packStep, STEP_BYTES } from "@/graph/step";
import { adamw } from "@/ops/adamw";
import { compare, load, randoms, targets } from "@/ops/check";
import { globalNorm } from "@/ops/norm";

const STEPS = 3;
const RATE = 0.01;
const BETAS = [0.9, 0.999] as const;
const EPSILON = 1e-8;

/** torch.nn.utils.clip_grad_norm_ and torch.optim.AdamW, in float64. */
function train(start: Float32Array, gradients: readonly Float32Array[], decay: number, maxNorm: number) {
  const param = Float64Array.from(start);
  const m = new Float64Array(start.length);
  const v = new Float64Array(start.length);
  gradients.forEach((gradient, t) => {
    const norm = Math.hypot(...gradient);
    const clip = maxNorm > 0 ? Math.min(1, maxNorm / (norm + 1e-6)) : 1;
    gradient.forEach((raw, i) => {
      const g = raw * clip;
      const before = (param[i] ?? 0) * (1 - RATE * decay);
      const first = BETAS[0] * (m[i] ?? 0) + (1 - BETAS[0]) * g;
      const second = BETAS[1] * (v[i] ?? 0) + (1 - BETAS[1]) * g * g;
      m[i] = first;
      v[i] = second;
      const root = Math.sqrt(second) / Math.sqrt(1 - BETAS[1] ** (t + 1)) + EPSILON;
      param[i] = before - ((RATE / (1 - BETAS[0] ** (t + 1))) * first) / root;
    });
  });
  return { param, m, v };
}

// The gradients' norms are near 3 for 20 values, 12 for 260.
test.each([
  ["no decay, no clipping", 20, 0, 0, true],
  ["decay", 260, 0.1, 0, true],
  ["clipping", 20, 0, 0.5, true],
  ["decay, a limit never met", 260, 0.1, 1000, true],
  ["decay and clipping", 260, 0.5, 1, true],
  ["decay that spares these, and clipping", 20, 0.5, 1, false],
] as const)("three steps with %s, %i values", async (_, length, decay, maxNorm, decays) => {
  const start = randoms([length], 1);
  const gradients = Array.from({ length: STEPS }, (_, t) => randoms([length], 10 + t, 1.3));
  const expected = train(start, gradients, decays ? decay : 0, maxNorm);
  for (const target of await targets()) {
    const g = createGraph("adamw");
    const flat = (name: string) => external(name, [length]);
    const symbols = { param: flat("param"), grad: flat("grad"), m: flat("m"), v: flat("v") };
    const norm = external("norm", [1]);
    globalNorm(g, symbols.grad, norm);
    adamw(g, { ...symbols, norm, step: external("step", [STEP_BYTES / 4]) }, { decays });
    const loaded = await load(target, g, { param: start });
    for (const [t, grad] of gradients.entries()) {
      loaded.write("grad", grad);
      const step = {
        ...NO_STEP,
        learning_rate: RATE,
        beta1: BETAS[0],
        beta2: BETAS[1],
        epsilon: EPSILON,
        weight_decay: decay,
        correction1: 1 - BETAS[0] ** (t + 1),
        correction2: 1 - BETAS[1] ** (t + 1),
        max_norm: maxNorm,
      };
      loaded.write("step", packStep(step));
      await loaded.run();
    }
    for (const name of ["param", "m", "v"] as const) {
      // 1 - 0.999 in f32 is off by 2e-5 of itself, and v with it.
      compare(await loaded.floats(name), expected[name], name === "v" ? 5e-5 : 2e-6, `${target.name} ${name}`);
    }
    loaded.release();
  }
});
