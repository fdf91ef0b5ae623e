/** What the modules that an adapter sits on are called, and which pattern of a recipe means one of them. */
import type { Projection } from "@/train/recipe";

export const PARENTS: Readonly<Record<Projection, "self_attn" | "mlp">> = {
  q_proj: "self_attn",
  k_proj: "self_attn",
  v_proj: "self_attn",
  o_proj: "self_attn",
  gate_proj: "mlp",
  up_proj: "mlp",
  down_proj: "mlp",
};

/** As PEFT and transformers name the module. */
export function modulePath(layer: number, projection: Projection): string {
  return `model.layers.${layer}.${PARENTS[projection]}.${projection}`;
}

/** PEFT's rule: the first pattern that is the module's path, or the end of it. */
export const patternOf = (path: string, patterns: readonly string[]): string | undefined =>
  patterns.find((pattern) => path === pattern || path.endsWith(`.${pattern}`));
