/**
 * How large and how strong each pair of a LoRA adapter is, by PEFT's rules: a pattern that names a module, or the end of
 * its path, replaces rank or alpha there; the first that fits counts. The pair is scaled by alpha / rank, or with rsLoRA
 * (Kalajdzievski 2023) by alpha / √rank.
 */
import { modulePath, patternOf } from "@/train/module-path";
import type { Projection } from "@/train/recipe";

export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly Projection[];
  /** Share of a pair's inputs that falls while it is trained. */
  readonly dropout?: number | undefined;
  readonly useRslora?: boolean | undefined;
  /** DoRA (Liu et al. 2024): each row of W + s·B·A gets a length that is learned. */
  readonly useDora?: boolean | undefined;
  /** "q_proj" or "layers.3.mlp.up_proj" → rank. */
  readonly rankPattern?: Readonly<Record<string, number>> | undefined;
  readonly alphaPattern?: Readonly<Record<string, number>> | undefined;
}

export function pairSize(settings: LoraSettings, layer: number, projection: Projection) {
  const path = modulePath(layer, projection);
  const pick = (patterns: Readonly<Record<string, number>> = {}) => {
    const pattern = patternOf(path, Object.keys(patterns));
    return pattern === undefined ? undefined : patterns[pattern];
  };
  const rank = pick(settings.rankPattern) ?? settings.rank;
  return { rank, scale: scaleOf({ ...settings, rank, alpha: pick(settings.alphaPattern) ?? settings.alpha }) };
}

/** Of pairs that no pattern names. */
export function scaleOf({ rank, alpha, useRslora }: Pick<LoraSettings, "rank" | "alpha" | "useRslora">): number {
  return alpha / (useRslora ? Math.sqrt(rank) : rank);
}

/** Only what describes an adapter, of whatever else an object holds. */
export function settingsOf(given: LoraSettings): LoraSettings {
  const { rank, alpha, targets, dropout, useRslora, useDora, rankPattern, alphaPattern } = given;
  return { rank, alpha, targets, dropout, useRslora, useDora, rankPattern, alphaPattern };
}
