/**
 * Group-relative policy optimisation (Shao et al. 2024): of G sampled answers to one prompt, those with more reward than
 * the group's mean become likelier, the others less likely.
 *
 *   A = (reward - mean) / (std + 1e-4)    std of the group, of the whole batch, or no division at all
 *   ρ = exp(log p - log p_old)            p_old as at the sampling; ρ = 1 in the first of `numIterations` steps
 *   l = -min(ρA, clip(ρ, 1-ε, 1+ε_high)A) + β·k·[ρ]       k = e^d - d - 1, d = log p_ref - log p
 *
 * The factor ρ of k is TRL's bias correction. Aggregation over the tokens of a step:
 *   dapo      Σ l / labelled tokens        (Yu et al. 2025)
 *   grpo      mean over sequences of their tokens' mean
 *   dr_grpo   Σ l / (sequences · longest completion)     (Liu et al. 2025)
 */
import type { Encoded } from "@/data/encode";
import type { Objective, Share } from "@/train/objective";
import type { Recipe } from "@/train/recipe";

type Grpo = Recipe["grpo"];

/** A sampled answer behind its prompt; only its own tokens are labelled. */
export interface Completion extends Encoded {
  readonly advantage: number;
}

export function grpo(options: Grpo): Objective<Completion> {
  const { beta, epsilon, temperature } = options;
  const epsilonHigh = options.epsilonHigh || epsilon;
  const staged = beta > 0 || options.numIterations > 1;
  const oldOf = new WeakMap<Completion, Float32Array>();
  return {
    head: { temperature, staged },
    reference: beta > 0,
    judge(scored, share) {
      let loss = 0;
      let kl = 0;
      let clipped = 0;
      let tokens = 0;
      const slopes = scored.map(({ sequence, logp, reference }) => {
        const { advantage } = sequence;
        const old = oldOf.get(sequence) ?? logp;
        if (staged) oldOf.set(sequence, old);
        const weight = tokenWeight(options, share, logp.length);
        return Float32Array.from(logp, (value, i) => {
          const ratio = Math.exp(value - (old[i] ?? value));
          const bounded = Math.min(Math.max(ratio, 1 - epsilon), 1 + epsilonHigh);
          // Where the bounded term is the smaller one it is a constant, and nothing is left to learn.
          const beyond = bounded * advantage < ratio * advantage;
          const distance = beta > 0 ? (reference[i] ?? 0) - value : 0;
          const penalty = Math.exp(distance) - distance - 1;
          const away = options.biasCorrectedKl ? ratio : 1;
          loss += weight * (-Math.min(ratio * advantage, bounded * advantage) + beta * away * penalty);
          tokens++;
          kl += away * penalty;
          if (beyond) clipped++;
          const penaltySlope = away * (1 - Math.exp(distance)) + (options.biasCorrectedKl ? away * penalty : 0);
          return weight * ((beyond ? 0 : -ratio * advantage) + beta * penaltySlope);
        });
      });
      const mean = (total: number) => total / Math.max(1, tokens);
      const scalars = {
        ...(beta > 0 ? { kl: mean(kl) } : {}),
        ...(options.numIterations > 1 ? { "clip_ratio/region_mean": mean(clipped) } : {}),
      };
      return { loss, slopes, scalars };
    },
  };
}

function tokenWeight({ lossType, maxCompletionLength }: Grpo, { sequences, labels }: Share, length: number): number {
  if (lossType === "dapo") return 1 / Math.max(1, labels);
  if (lossType === "grpo") return 1 / Math.max(1, length) / Math.max(1, sequences);
  return 1 / Math.max(1, sequences) / maxCompletionLength;
}

/** Rewards by group → advantages. A reward that is no number was not given: it moves no mean and teaches nothing. */
export function advantages(groups: readonly (readonly number[])[], scale: Grpo["scaleRewards"]): number[][] {
  const batch = spread(groups.flat()).deviation;
  return groups.map((rewards) => {
    const { mean, deviation } = spread(rewards);
    const divisor = scale === "none" ? 1 : (scale === "batch" ? batch : deviation) + 1e-4;
    return rewards.map((reward) => finiteOr((reward - mean) / divisor, 0));
  });
}

/** Mean and sample standard deviation of those that are numbers; NaN where there are too few. */
export function spread(values: readonly number[]): { mean: number; deviation: number } {
  const given = values.filter((value) => Number.isFinite(value));
  const mean = given.reduce((a, b) => a + b, 0) / given.length;
  const variance = given.reduce((total, value) => total + (value - mean) ** 2, 0) / (given.length - 1);
  return { mean, deviation: given.length > 1 ? Math.sqrt(variance) : Number.NaN };
}

const finiteOr = (value: number, otherwise: number) => (Number.isFinite(value) ? value : otherwise);
