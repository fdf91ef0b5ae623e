/** OLMo 2: norms behind attention and feed-forward in place of before, and one over all heads of queries and keys. */
import * as z from "zod/mini";
import type { Architecture } from "@/model/architecture";
import { BaseConfig, llamaLike, parseConfig, tensorNames } from "@/model/config";

const Olmo2Config = z.extend(BaseConfig, { rms_norm_eps: z._default(z.number(), 1e-5) });

export function olmo2(config: unknown): Architecture {
  const base = llamaLike(parseConfig(Olmo2Config, config));
  const { hidden, heads, kvHeads, headDim } = base;
  return {
    ...base,
    norms: { query: heads * headDim, key: kvHeads * headDim, attentionOut: hidden, ffnOut: hidden },
    names: tensorNames({ attentionOut: "post_attention_layernorm", ffnOut: "post_feedforward_layernorm" }),
  };
}
