import { test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { NO_STEP, packStep, STEP_BYTES } from "@/graph/step";
import { compare, load, randoms, targets } from "@/ops/check";
import { muon, muonScale } from "@/ops/muon";
import { globalNorm } from "@/ops/norm";

const [RATE, MOMENTUM, DECAY, LIMIT] = [0.05, 0.95, 0.1, 1];

type Matrix = number[][];
const transposed = (x: Matrix): Matrix => (x[0] ?? []).map((_, j) => x.map((row) => row[j] ?? 0));
const product = (x: Matrix, y: Matrix): Matrix => {
  const columns = transposed(y);
  return x.map((row) => columns.map((column) => row.reduce((sum, value, k) => sum + value * (column[k] ?? 0), 0)));
};
const mixed = (alpha: number, x: Matrix, beta: number, y: Matrix): Matrix =>
  x.map((row, i) => row.map((value, j) => alpha * value + beta * (y[i]?.[j] ?? 0)));

/** _zeropower_via_newtonschulz of torch, in float64. */
function orthogonal(given: Matrix): Matrix {
  const flip = given.length > (given[0] ?? []).length;
  const length = Math.max(1e-7, Math.hypot(...given.flat()));
  let x = (flip ? transposed(given) : given).map((row) => row.map((value) => value / length));
  for (let i = 0; i < 5; i++) {
    const gram = product(x, transposed(x));
    x = mixed(3.4445, x, 1, product(mixed(-4.775, gram, 2.0315, product(gram, gram)), x));
  }
  return flip ? transposed(x) : x;
}

/** clip_grad_norm_ and torch.optim.Muon with Nesterov's momentum, in float64. */
function train(start: Float32Array, gradients: readonly Float32Array[], columns: number, scale: number, decay: number) {
  const param = Float64Array.from(start);
  const m = new Float64Array(start.length);
  for (const gradient of gradients) {
    const clip = Math.min(1, LIMIT / (Math.hypot(...gradient) + 1e-6));
    const update = Array.from(gradient, (raw, i) => {
      m[i] = MOMENTUM * (m[i] ?? 0) + (1 - MOMENTUM) * raw * clip;
      return (1 - MOMENTUM) * raw * clip + MOMENTUM * (m[i] ?? 0);
    });
    const rows = Array.from({ length: update.length / columns }, (_, i) =>
      update.slice(i * columns, (i + 1) * columns),
    );
    for (const [i, moved] of orthogonal(rows).flat().entries()) {
      param[i] = (param[i] ?? 0) * (1 - RATE * decay) - RATE * scale * moved;
    }
  }
  return { param, m };
}

test.each([
  ["as they are", 24, 40, "original", true],
  ["that are flipped", 52, 20, "original", true],
  ["of sides that no kernel divides", 13, 36, "match_rms_adamw", true],
  ["flipped, of such sides, spared by decay", 27, 12, "match_rms_adamw", false],
] as const)("three steps of matrices %s: %i by %i, %s", async (_, rows, columns, adjust, decays) => {
  const length = rows * columns;
  const scale = muonScale(adjust, [rows, columns]);
  const start = randoms([length], 1);
  // The second is zero, as of weights that no token of a batch reads.
  const gradients = [randoms([length], 10), new Float32Array(length), randoms([length], 12, 2)];
  const expected = train(start, gradients, columns, scale, decays ? DECAY : 0);
  for (const target of await targets()) {
    const g = createGraph("muon");
    const own = { param: external("param", [length]), grad: external("grad", [length]), m: external("m", [length]) };
    const norm = external("norm", [1]);
    globalNorm(g, own.grad, norm);
    const step = external("step", [STEP_BYTES / 4]);
    muon(g, { ...own, norm, step }, { shape: [rows, columns], momentum: MOMENTUM, scale, decays });
    const settings = { ...NO_STEP, learning_rate: RATE, weight_decay: DECAY, max_norm: LIMIT };
    const loaded = await load(target, g, { param: start, step: packStep(settings) });
    for (const grad of gradients) {
      loaded.write("grad", grad);
      await loaded.run();
    }
    compare(await loaded.floats("m"), [...expected.m], 1e-6, `${target.name} m`);
    compare(await loaded.floats("param"), [...expected.param], 5e-5, `${target.name} param`);
    loaded.release();
  }
});

test("without a gradient nothing moves and nothing is divided by nothing", async () => {
  for (const target of await targets()) {
    const g = createGraph("muon");
    const own = { param: external("param", [128]), grad: external("grad", [128]), m: external("m", [128]) };
    const shared = { norm: external("norm", [1]), step: external("step", [STEP_BYTES / 4]) };
    globalNorm(g, own.grad, shared.norm);
    muon(g, { ...own, ...shared }, { shape: [8, 16], momentum: MOMENTUM, scale: 1, decays: true });
    const start = randoms([128], 3);
    const loaded = await load(target, g, { param: start, step: packStep({ ...NO_STEP, learning_rate: RATE }) });
    await loaded.run();
    compare(await loaded.floats("param"), [...start], 0, target.name);
    loaded.release();
  }
});
