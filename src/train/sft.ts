/**
 * Supervised fine-tuning: the mean of -log p(token) over the labelled tokens of the step.
 *
 *   nll   l = -log p                        ∂l/∂log p = -1
 *   dft   l = -[p] · log p, [p] constant    ∂l/∂log p = -p      (dynamic fine-tuning, Wu et al. 2025: unlikely tokens count less)
 */
import type { Encoded } from "@/data/encode";
import type { Objective } from "@/train/objective";
import type { Recipe } from "@/train/recipe";

export function sft({ lossType }: Recipe["sft"]): Objective<Encoded> {
  const dft = lossType === "dft";
  return {
    head: { temperature: 1, staged: dft },
    reference: false,
    judge(scored, { labels }) {
      const scale = 1 / Math.max(1, labels);
      let loss = 0;
      const slopes = scored.map(({ logp }) => {
        const slope = dft ? logp.map((value) => -scale * Math.exp(value)) : new Float32Array(logp.length).fill(-scale);
        for (const [i, value] of logp.entries()) loss += value * (slope[i] ?? 0);
        return slope;
      });
      return { loss, slopes, scalars: {} };
    },
  };
}
