/**
 * Ranks and alphas that differ by module, as a line of text: "down_proj=4, layers.0.self_attn.q_proj=16". Half-typed text
 * becomes a record that the recipe refuses, so that nothing starts with it. Pure.
 */
import { modulePath, patternOf } from "@/train/module-path";
import type { Projection } from "@/train/recipe";

export type Patterns = Readonly<Record<string, number>>;

export function patternsOf(text: string): Patterns {
  const pairs = text.split(",").flatMap((part) => part.trim() || []);
  return Object.fromEntries(
    pairs.map((pair) => {
      const [pattern = "", value = "", ...rest] = pair.split("=").map((word) => word.trim());
      return [pattern, value === "" || rest.length > 0 ? Number.NaN : Number(value)];
    }),
  );
}

export const patternText = (patterns: Patterns): string =>
  Object.entries(patterns)
    .map(([pattern, value]) => `${pattern}=${value}`)
    .join(", ");

export interface Fit {
  readonly pattern: string;
  /** Modules that it means; those of an earlier pattern are not its own. */
  readonly modules: readonly string[];
}

export function fitsOf(patterns: Patterns, targets: readonly Projection[], layers: number): readonly Fit[] {
  const names = Object.keys(patterns);
  const paths = Array.from({ length: layers }, (_, layer) => targets.map((target) => modulePath(layer, target))).flat();
  return names.map((pattern) => ({ pattern, modules: paths.filter((path) => patternOf(path, names) === pattern) }));
}

/** "down_proj: 6 modules. q_proj: model.layers.0.self_attn.q_proj." */
export function fitWords({ pattern, modules }: Fit): string {
  const [first] = modules;
  if (first === undefined) return `${pattern} fits no module that has an adapter.`;
  return `${pattern}: ${modules.length === 1 ? first : `${modules.length} modules, ${first} first`}.`;
}
