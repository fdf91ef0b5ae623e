/**
 * Direct preference optimisation (Rafailov et al. 2023): of two answers to one prompt, the chosen one shall gain on the
 * rejected one, measured against the model that the run started from. Sequences come in pairs, chosen first.
 *
 *   c, r = Σ log p - Σ log p_ref over the chosen, the rejected answer;  Δ = c - r;  σ = logistic function
 *   sigmoid    -log σ(βΔ)
 *   robust     [(1-ε)(-log σ(βΔ)) - ε(-log σ(-βΔ))] / (1-2ε)          labels are flipped with probability ε
 *   hinge      max(0, 1 - βΔ)
 *   ipo        (c/|c| - r/|r| - 1/(2β))²                                 per token, as TRL computes it
 *   apo_zero   1 - σ(βc) + σ(βr)                                         chosen better than what the model says now
 *   apo_down   σ(βc) + 1 - σ(βΔ)                                         chosen worse than that, rejected worse still
 *
 * The loss of a step is the mean over its pairs.
 */
import type { Encoded } from "@/data/encode";
import { AppError } from "@/errors";
import type { Objective, Scored } from "@/train/objective";
import type { Recipe } from "@/train/recipe";

type Dpo = Recipe["dpo"];

/** A pair's loss and its derivatives by c and r. */
interface PairLoss {
  readonly loss: number;
  readonly byChosen: number;
  readonly byRejected: number;
}

export function dpo(options: Dpo): Objective<Encoded> {
  return {
    head: { temperature: 1, staged: true },
    reference: true,
    judge(scored, { sequences }) {
      const pairs = Math.max(1, sequences / 2);
      const here = pairsOf(scored);
      const slopes: Float32Array[] = [];
      const sums = { chosen: 0, rejected: 0, accuracies: 0, margins: 0, logChosen: 0, logRejected: 0 };
      let loss = 0;
      for (const [chosen, rejected] of here) {
        const c = gain(chosen);
        const r = gain(rejected);
        const lengths = [chosen.logp.length, rejected.logp.length] as const;
        const judged = pairLoss(options, c, r, lengths);
        loss += judged.loss / pairs;
        slopes.push(new Float32Array(lengths[0]).fill(judged.byChosen / pairs));
        slopes.push(new Float32Array(lengths[1]).fill(judged.byRejected / pairs));
        sums.chosen += options.beta * c;
        sums.rejected += options.beta * r;
        sums.margins += options.beta * (c - r);
        sums.accuracies += c > r ? 1 : 0;
        sums.logChosen += sum(chosen.logp);
        sums.logRejected += sum(rejected.logp);
      }
      const mean = (value: number) => value / Math.max(1, here.length);
      const scalars = {
        "rewards/chosen": mean(sums.chosen),
        "rewards/rejected": mean(sums.rejected),
        "rewards/margins": mean(sums.margins),
        "rewards/accuracies": mean(sums.accuracies),
        "logps/chosen": mean(sums.logChosen),
        "logps/rejected": mean(sums.logRejected),
      };
      return { loss, slopes, scalars };
    },
  };
}

function pairLoss(options: Dpo, c: number, r: number, [chosen, rejected]: readonly [number, number]): PairLoss {
  const { beta, labelSmoothing } = options;
  const delta = c - r;
  const paired = (loss: number, slope: number): PairLoss => ({ loss, byChosen: slope, byRejected: -slope });
  switch (options.lossType) {
    case "sigmoid":
      return paired(softplus(-beta * delta), -beta * sigmoid(-beta * delta));
    case "robust": {
      const kept = (1 - labelSmoothing) / (1 - 2 * labelSmoothing);
      const flipped = labelSmoothing / (1 - 2 * labelSmoothing);
      const loss = kept * softplus(-beta * delta) - flipped * softplus(beta * delta);
      return paired(loss, -beta * (kept * sigmoid(-beta * delta) + flipped * sigmoid(beta * delta)));
    }
    case "hinge":
      return paired(Math.max(0, 1 - beta * delta), beta * delta < 1 ? -beta : 0);
    case "ipo": {
      const error = c / Math.max(1, chosen) - r / Math.max(1, rejected) - 1 / (2 * beta);
      const slope = 2 * error;
      return { loss: error ** 2, byChosen: slope / Math.max(1, chosen), byRejected: -slope / Math.max(1, rejected) };
    }
    case "apo_zero":
      return {
        loss: sigmoid(-beta * c) + sigmoid(beta * r),
        byChosen: -beta * bell(beta * c),
        byRejected: beta * bell(beta * r),
      };
    case "apo_down":
      return {
        loss: sigmoid(beta * c) + sigmoid(-beta * delta),
        byChosen: beta * bell(beta * c) - beta * bell(beta * delta),
        byRejected: beta * bell(beta * delta),
      };
  }
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** The derivative of the logistic function. */
const bell = (x: number) => sigmoid(x) * sigmoid(-x);
/** log(1 + eˣ) = -log σ(-x), without overflow. */
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);

/** Σ log p - Σ log p_ref, summed as differences, which keeps digits where both are large. */
function gain({ logp, reference }: Scored<Encoded>): number {
  return logp.reduce((total, value, i) => total + value - (reference[i] ?? 0), 0);
}

function pairsOf<T>(scored: readonly T[]): (readonly [T, T])[] {
  return Array.from({ length: scored.length / 2 }, (_, i) => {
    const chosen = scored[2 * i];
    const rejected = scored[2 * i + 1];
    if (chosen === undefined || rejected === undefined) throw new AppError("internal", "A pair lacks one of its two.");
    return [chosen, rejected] as const;
  });
}
