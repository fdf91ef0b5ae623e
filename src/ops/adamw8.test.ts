import { expect, test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { NO_STEP, packStep, STEP_BYTES } from "@/graph/step";
import { adamw8 } from "@/ops/adamw8";
import { compare, load, randoms, targets } from "@/ops/check";
import { globalNorm } from "@/ops/norm";

const STEPS = 4;
const [RATE, DECAY, LIMIT, BETA1, BETA2, EPSILON] = [0.01, 0.1, 3, 0.9, 0.999, 1e-8];

/** The dynamic map: between 0.1 and 1 of each of seven decades the middles of 2^l cells, twice as many without a sign. */
function dynamicMap(signed: boolean): number[] {
  const values = [0, 1];
  for (let level = 0; level < 7; level++) {
    const cells = 2 ** (level + (signed ? 0 : 1));
    for (let j = 0; j < cells; j++) {
      const value = 10 ** (level - 6) * (0.1 + (0.9 * (j + 0.5)) / cells);
      values.push(value, ...(signed ? [-value] : []));
    }
  }
  expect(values).toHaveLength(256);
  return values.sort((a, b) => a - b);
}
const FIRST = dynamicMap(true);
const SECOND = dynamicMap(false);

/** Each value as what the nearest code of its block of 256 stands for. */
function rounded(values: Float64Array, map: readonly number[]): Float64Array {
  return values.map((value, i) => {
    const block = values.subarray(i - (i % 256), i - (i % 256) + 256);
    const largest = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    if (largest === 0) return 0;
    return (
      largest * map.reduce((best, x) => (Math.abs(x - value / largest) < Math.abs(best - value / largest) ? x : best))
    );
  });
}

test.each([256, 1300])("four steps of %i values keep what the map's nearest codes keep", async (length) => {
  const start = randoms([length], 1);
  // Values of many magnitudes, so that every decade of the map is met.
  const gradients = Array.from({ length: STEPS }, (_, t) => randoms([length], 10 + t).map((x) => x ** 5));
  const param = Float64Array.from(start);
  let m = new Float64Array(length);
  let v = new Float64Array(length);
  gradients.forEach((gradient, t) => {
    const clip = Math.min(1, LIMIT / (Math.hypot(...gradient) + 1e-6));
    m = m.map((x, i) => BETA1 * x + (1 - BETA1) * clip * (gradient[i] ?? 0));
    v = v.map((x, i) => BETA2 * x + (1 - BETA2) * (clip * (gradient[i] ?? 0)) ** 2);
    for (let i = 0; i < length; i++) {
      const root = Math.sqrt((v[i] ?? 0) / (1 - BETA2 ** (t + 1))) + EPSILON;
      param[i] = (param[i] ?? 0) * (1 - RATE * DECAY) - (RATE * (m[i] ?? 0)) / (1 - BETA1 ** (t + 1)) / root;
    }
    [m, v] = [rounded(m, FIRST), rounded(v, SECOND)] as [typeof m, typeof v];
  });
  for (const target of await targets()) {
    const g = createGraph("adamw8");
    const [values, words, blocks] = [[length], [length / 4], [Math.ceil(length / 256)]];
    const symbols = { param: external("param", values), grad: external("grad", values), norm: external("norm", [1]) };
    const codes = { m_codes: external("m_codes", words), v_codes: external("v_codes", words) };
    const largest = { m_largest: external("m_largest", blocks), v_largest: external("v_largest", blocks) };
    globalNorm(g, symbols.grad, symbols.norm);
    adamw8(g, { ...symbols, ...codes, ...largest, step: external("step", [STEP_BYTES / 4]) });
    const loaded = await load(target, g, { param: start });
    for (const [t, grad] of gradients.entries()) {
      loaded.write("grad", grad);
      const adam = {
        learning_rate: RATE,
        beta1: BETA1,
        beta2: BETA2,
        epsilon: EPSILON,
        weight_decay: DECAY,
        max_norm: LIMIT,
      };
      const corrections = { correction1: 1 - BETA1 ** (t + 1), correction2: 1 - BETA2 ** (t + 1) };
      loaded.write("step", packStep({ ...NO_STEP, ...adam, ...corrections }));
      await loaded.run();
    }
    const stored = new Uint8Array((await loaded.words("m_codes")).buffer);
    const scales = await loaded.floats("m_largest");
    const kept = Float64Array.from(
      { length },
      (_, i) => (FIRST[stored[i] ?? 0] ?? 0) * (scales[Math.floor(i / 256)] ?? 0),
    );
    // A value half-way between two codes may go to either; all others are the same.
    const off = kept.filter((value, i) => Math.abs(value - (m[i] ?? 0)) > 1e-4 * (scales[Math.floor(i / 256)] ?? 0));
    expect(off.length).toBeLessThanOrEqual(length / 100);
    compare(await loaded.floats("param"), param, 2e-4, target.name);
    loaded.release();
  }
});
