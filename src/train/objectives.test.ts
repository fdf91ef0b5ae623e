/** Slopes are the derivatives of the losses, by finite differences; values are TRL's formulas on hand-made numbers. */
import { describe, expect, test } from "vitest";
import type { Encoded } from "@/data/encode";
import { dpo } from "@/train/dpo";
import { advantages, type Completion, grpo } from "@/train/grpo";
import type { Objective } from "@/train/objective";
import { parseRecipe, type Recipe } from "@/train/recipe";
import { sft } from "@/train/sft";
import { createRandom } from "@/util/random";

const random = createRandom(7);
const numbers = (count: number, low: number, high: number) =>
  Float32Array.from({ length: count }, () => low + (high - low) * random.float());
const sequence = (length: number): Encoded => ({
  ids: Array.from({ length: length + 1 }, (_, i) => i),
  labels: Array.from({ length: length + 1 }, (_, i) => (i === 0 ? -100 : i)),
});

interface Given<S extends Encoded> {
  readonly sequence: S;
  readonly logp: Float32Array;
  readonly reference: Float32Array;
}

/** Every slope against the difference quotient of the loss that `make` judges; a fresh objective each time. */
function checkSlopes<S extends Encoded>(make: () => Objective<S>, given: readonly Given<S>[], frozenAt?: typeof given) {
  const share = { sequences: given.length, labels: given.reduce((sum, { logp }) => sum + logp.length, 0) };
  const judge = (scored: typeof given) => {
    const objective = make();
    if (frozenAt) objective.judge(frozenAt, share);
    return objective.judge(scored, share);
  };
  const { slopes } = judge(given);
  const h = 1 / 1024;
  for (const [s, { logp }] of given.entries()) {
    for (let i = 0; i < logp.length; i++) {
      const moved = (by: number) => {
        const changed = logp.slice();
        changed[i] = (logp[i] ?? 0) + by;
        return judge(given.map((one, at) => (at === s ? { ...one, logp: changed } : one))).loss;
      };
      expect(slopes[s]?.[i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 4);
    }
  }
}

const given = (lengths: readonly number[]) =>
  lengths.map((length) => ({
    sequence: sequence(length),
    logp: numbers(length, -3, -0.1),
    reference: numbers(length, -3, -0.1),
  }));

test("sft is the mean over the step's labels", () => {
  const rows = given([3, 5]);
  checkSlopes(() => sft({ lossType: "nll" }), rows);
  const { loss } = sft({ lossType: "nll" }).judge(rows, { sequences: 2, labels: 16 });
  const all = rows.flatMap(({ logp }) => [...logp]);
  expect(loss).toBeCloseTo(-all.reduce((a, b) => a + b, 0) / 16, 6);
});

test("dft weighs each token by its probability, which counts as constant", () => {
  const rows = given([4]);
  const { loss, slopes } = sft({ lossType: "dft" }).judge(rows, { sequences: 1, labels: 4 });
  const p = [...(rows[0]?.logp ?? [])].map(Math.exp);
  for (const [i, value] of p.entries()) expect(slopes[0]?.[i]).toBeCloseTo(-value / 4, 6);
  expect(loss).toBeCloseTo(-p.reduce((sum, value) => sum + value * Math.log(value), 0) / 4, 5);
});

describe("dpo", () => {
  const types = ["sigmoid", "robust", "hinge", "ipo", "apo_zero", "apo_down"] as const;
  test.each(types)("slopes of %s", (lossType) => {
    const options = { lossType, beta: 0.3, labelSmoothing: 0.1, precomputeReference: false };
    checkSlopes(() => dpo(options), given([3, 4, 6, 2]));
  });

  test("at the start every loss but IPO's has its value at 0, and no reward is earned", () => {
    const options = parseRecipe({}).dpo;
    const start = given([3, 4]).map((one) => ({ ...one, reference: one.logp }));
    const at = (lossType: Recipe["dpo"]["lossType"]) =>
      dpo({ ...options, lossType }).judge(start, { sequences: 2, labels: 7 });
    expect(at("sigmoid").loss).toBeCloseTo(Math.LN2, 6);
    expect(at("hinge").loss).toBeCloseTo(1, 6);
    expect(at("ipo").loss).toBeCloseTo(25, 4);
    expect(at("apo_zero").loss).toBeCloseTo(1, 6);
    expect(at("sigmoid").scalars).toMatchObject({ "rewards/margins": 0, "rewards/accuracies": 0 });
  });

  test("means go over the pairs of the step, not of the micro-batch", () => {
    const one = given([3, 4]);
    const alone = dpo(parseRecipe({}).dpo).judge(one, { sequences: 2, labels: 7 });
    const half = dpo(parseRecipe({}).dpo).judge(one, { sequences: 4, labels: 14 });
    expect(half.loss).toBeCloseTo(alone.loss / 2, 6);
    expect(half.scalars).toEqual(alone.scalars);
  });
});

describe("grpo", () => {
  const options = (over: Partial<Recipe["grpo"]>): Recipe["grpo"] => ({ ...parseRecipe({}).grpo, ...over });
  const completions = (lengths: readonly number[], gains: readonly number[]) =>
    given(lengths).map((one, i) => ({ ...one, sequence: { ...one.sequence, advantage: gains[i] ?? 0 } as Completion }));

  test.each(["dapo", "grpo", "dr_grpo"] as const)("slopes of %s, clipped and with a distance", (lossType) => {
    const group = completions([3, 5, 2, 4], [1.2, -0.7, 0.3, -0.8]);
    const before = group.map((one) => ({ ...one, logp: one.logp.map((value, i) => value + (i % 2 ? 0.35 : -0.11)) }));
    for (const biasCorrectedKl of [true, false]) {
      checkSlopes(() => grpo(options({ lossType, beta: 0.05, numIterations: 2, biasCorrectedKl })), group, before);
    }
  });

  test("the first step's slope does not depend on the log-probs, so it needs no second look", () => {
    const objective = grpo(options({}));
    expect(objective.head.staged).toBe(false);
    const group = completions([2, 3], [1, -1]);
    const zeros = group.map((one) => ({ ...one, logp: one.logp.map(() => 0) }));
    const share = { sequences: 2, labels: 5 };
    expect(objective.judge(zeros, share).slopes).toEqual(objective.judge(group, share).slopes);
  });

  test("what has gone too far already is not pushed further", () => {
    const group = completions([1], [1]);
    const before = group.map((one) => ({ ...one, logp: one.logp.map((value) => value - 1) }));
    const objective = grpo(options({ numIterations: 2 }));
    const share = { sequences: 1, labels: 1 };
    objective.judge(before, share);
    const { slopes, scalars } = objective.judge(group, share);
    expect(Math.abs(slopes[0]?.[0] ?? 1)).toBe(0);
    expect(scalars["clip_ratio/region_mean"]).toBe(1);
  });

  test("advantages by group, by batch and undivided; a missing reward moves nothing", () => {
    const groups = [
      [1, 0, 0, 1],
      [2, 2, 2, Number.NaN],
    ];
    const [first, second] = advantages(groups, "group");
    expect(first?.[0]).toBeCloseTo(0.5 / (Math.sqrt(1 / 3) + 1e-4), 6);
    expect(second).toEqual([0, 0, 0, 0]);
    expect(advantages(groups, "none")[0]).toEqual([0.5, -0.5, -0.5, 0.5]);
    const all = [1, 0, 0, 1, 2, 2, 2];
    const mean = 8 / 7;
    const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 6);
    expect(advantages(groups, "batch")[0]?.[0]).toBeCloseTo(0.5 / (deviation + 1e-4), 6);
  });
});
