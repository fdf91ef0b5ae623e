/** Flags as the recipe that they mean. */
import type { Flags } from "@/cli/flags";
import type { RecipeInput } from "@/train/recipe";

/** How rows are read: full fine-tuning reads them as SFT does. */
export const rowsMethod = ({ method }: Flags) => (method === "full" ? "sft" : method);

/** The recipe as flags change it: what the dataset recommends, then a recipe file, then single flags. */
export function recipeFrom(flags: Flags, ...layers: readonly RecipeInput[]): RecipeInput {
  const given = {
    data: {
      maxLength: flags["max-length"],
      loss: flags.loss,
      columns: flags.columns,
      maxRows: flags["max-rows"],
      accept: flags.accept,
      fixes: flags.fix,
    },
    // Data can be checked for KTO, which nobody trains here yet.
    method: flags.method === "kto" ? undefined : rowsMethod(flags),
    trains: flags.full || flags.method === "full" ? "full" : undefined,
    start: flags["from-scratch"] ? "scratch" : undefined,
    full: { train: flags.only, freeze: flags.freeze },
    lora: {
      rank: flags.rank,
      alpha: flags.alpha ?? (flags.rank === undefined ? undefined : 2 * flags.rank),
      dropout: flags.dropout,
      useRslora: flags.rslora,
      useDora: flags.dora,
      rankPattern: flags["rank-pattern"],
      alphaPattern: flags["alpha-pattern"],
      plusRatio: flags["lora-plus"],
      init: flags.init,
    },
    optimizer: { kind: flags.optimizer, learningRate: flags.lr },
    schedule: {
      steps: flags.steps,
      kind: flags.schedule,
      warmup: flags.warmup,
      minimum: flags["lr-minimum"],
      decay: flags.decay,
    },
    batch: { size: flags.batch, accumulate: flags.accumulate },
    evaluate: { maxTokens: flags["max-tokens"] },
    keep: { every: flags["keep-every"], patience: flags.patience, by: flags["better-by"] },
    probe: flags.probe,
    seed: flags.seed,
  };
  return [...layers, given].reduce<RecipeInput>((merged, layer) => merge(merged, layer), {});
}

function merge(base: RecipeInput, over: object): RecipeInput {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const before = result[key];
    const nested = isRecord(before) || isRecord(value);
    result[key] = nested && isRecord(value) ? merge((before ?? {}) as RecipeInput, value) : value;
  }
  return result as RecipeInput;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
