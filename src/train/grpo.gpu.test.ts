/**
 * GRPO equals TRL's GRPOTrainer on fixed completions and rewards (e2e/oracle/make_grpo_goldens.py): advantages, loss and
 * every tensor's gradient, for each aggregation, in a first step and after one, on every target of this machine.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { packBatch } from "@/data/pack";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer } from "@/graph/target";
import { unpackAdapter } from "@/model/adapter";
import { targets } from "@/ops/check";
import { openGolden, peftName } from "@/train/goldens";
import { advantages, type Completion, grpo } from "@/train/grpo";
import { bySequence } from "@/train/packing";
import { createPasses } from "@/train/passes";
import { parseRecipe } from "@/train/recipe";

const numbers = z.array(z.number());
const Goldens = z.object({
  prompts: z.array(z.array(z.int())),
  answers: z.array(z.array(z.int())),
  rewards: numbers,
  size: z.int(),
  longest: z.int(),
  cases: z.array(
    z.object({
      lossType: z.enum(["dapo", "grpo", "dr_grpo"]),
      scaleRewards: z.enum(["group", "batch", "none"]),
      later: z.boolean(),
      advantages: numbers,
      old: z.optional(z.array(numbers)),
      ref: z.optional(z.array(numbers)),
      loss: z.number(),
      gradient: z.record(z.string(), z.tuple([z.number(), z.number()])),
    }),
  ),
});
const file = new URL("../../e2e/fixtures/llama-gqa/grpo.json", import.meta.url);
const { prompts, answers, rewards, size, longest, cases } = z.parse(Goldens, JSON.parse(readFileSync(file, "utf8")));
const groups = Array.from({ length: rewards.length / size }, (_, i) => rewards.slice(i * size, (i + 1) * size));

describe.each((await targets()).map((target) => [target.name, target] as const))("on %s", async (_, target) => {
  const { runtime, layout, adapter } = await openGolden("llama-gqa", target);
  target.write(
    runtime.buffers.get("step") as DeviceBuffer,
    packStep({ ...NO_STEP, adapter_scale: layout.alpha / layout.rank, loss_scale: 1 }),
  );

  test.each(cases)("$lossType, scaled by $scaleRewards, later: $later", async (item) => {
    const given = advantages(groups, item.scaleRewards).flat();
    for (const [i, want] of item.advantages.entries()) expect(given[i]).toBeCloseTo(want, 5);
    const sequences = answers.map((answer, i): Completion => {
      const prompt = prompts[i] ?? [];
      return { ids: [...prompt, ...answer], labels: [...prompt.map(() => -100), ...answer], advantage: given[i] ?? 0 };
    });
    const objective = grpo({
      ...parseRecipe({}).grpo,
      ...{ lossType: item.lossType, maxCompletionLength: longest, epsilon: 0.2, epsilonHigh: 0.28 },
      ...(item.later ? { beta: 0.05, numIterations: 2 } : {}),
    });
    const batch = packBatch(sequences);
    const share = { sequences: sequences.length, labels: batch.counts.labels };
    const scored = (logps: readonly ArrayLike<number>[]) =>
      sequences.map((sequence, i) => ({
        sequence,
        logp: Float32Array.from(logps[i] ?? []),
        reference: Float32Array.from(item.ref?.[i] ?? []),
      }));
    // The first judgement of a sequence is what later ratios refer to.
    if (item.old) objective.judge(scored(item.old), share);
    const largest = { tokens: batch.tokens.length, labels: batch.targets.length };
    const head = { temperature: 1, staged: true };
    const passes = createPasses({ runtime, layout, adapter, head, largest, trained: true });
    const { loss } = await passes.trainStaged(batch, (nll) => {
      const logp = nll.map((value) => -value);
      const judgement = objective.judge(scored(bySequence(logp, sequences)), share);
      const weights = new Float32Array(batch.rowWeights.length);
      weights.set(judgement.slopes.flatMap((slope) => Array.from(slope, (value) => -value)));
      return { judgement, weights };
    });
    expect(Math.abs(loss - item.loss)).toBeLessThan(1e-4 * Math.max(Math.abs(item.loss), 0.1));
    const gradient = unpackAdapter(layout, await passes.gradient());
    for (const [key, { a, b }] of gradient) {
      for (const [name, values] of [
        [peftName(key, "A"), a],
        [peftName(key, "B"), b],
      ] as const) {
        const [norm, dot] = item.gradient[name] ?? [Number.NaN, Number.NaN];
        const own = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
        const along = values.reduce((sum, value, i) => sum + value * Math.cos(i), 0);
        expect(Math.abs(own - norm), name).toBeLessThan(1e-3 * norm + 1e-7);
        expect(Math.abs(along - dot), name).toBeLessThan(2e-3 * norm + 1e-7);
      }
    }
    passes.release();
  });
});
