/** What a model is and what a run on it would take, from its headers alone: nothing is loaded. */
import { bucketOf } from "@/data/pack";
import { memoryPlan } from "@/session/ledger";
import { modelFiles } from "@/session/model-files";
import type { Platform } from "@/session/platform";
import { modelInfo, sketchModel } from "@/session/read-model";
import { PLAIN_HEAD } from "@/train/objective";
import type { Recipe } from "@/train/recipe";
import type { MemoryPlan } from "@/worker/api/device";
import type { BaseDtype, ModelInfo } from "@/worker/api/model";
import type { ModelSource } from "@/worker/api/sources";

export interface Inspection {
  readonly model: ModelInfo;
  /** Null when the folder has no tokenizer.json. */
  readonly tokenizer: {
    readonly tokens: number;
    readonly bosId: number | null;
    readonly eosIds: readonly number[];
    readonly addsBos: boolean;
  } | null;
  readonly tensorsFound: number;
  readonly memory: MemoryPlan;
  /** Tokens in a batch that the memory is planned for. */
  readonly planTokens: number;
}

/** One answer in between: a short prompt and its 32 tokens. */
const PLAN = {
  samples: { sequences: 1, length: 128 },
  head: PLAIN_HEAD,
  adapterCopies: 0,
  sampler: null,
};

export async function inspectModel(
  platform: Platform,
  source: ModelSource,
  dtype: BaseDtype,
  recipe: Recipe,
  tokens: number,
): Promise<Inspection> {
  const { target } = await platform.openTarget();
  const sketch = await sketchModel(await modelFiles(platform, source, { sketch: true }), dtype, target.limits);
  const { arch, formats, tokenizer, tensorsFound } = sketch;
  const planTokens = bucketOf(tokens);
  const bucket = { tokens: planTokens, labels: planTokens };
  return {
    model: modelInfo(sketch),
    tokenizer: tokenizer && {
      tokens: tokenizer.vocabSize,
      bosId: tokenizer.bosId,
      eosIds: tokenizer.eosIds,
      addsBos: tokenizer.addsBos,
    },
    tensorsFound,
    memory: memoryPlan(
      arch,
      formats,
      recipe,
      { ...PLAN, largest: bucket, activations: target.activations },
      target.limits,
    ),
    planTokens,
  };
}
