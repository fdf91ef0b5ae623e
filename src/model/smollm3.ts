/** SmolLM3: every fourth layer leaves queries and keys unturned (NoPE). */
import * as z from "zod/mini";
import type { Architecture } from "@/model/architecture";
import { BaseConfig, llamaLike, parseConfig, size } from "@/model/config";

const SmolConfig = z.extend(BaseConfig, {
  max_position_embeddings: z._default(size, 32_768),
  tie_word_embeddings: z._default(z.boolean(), true),
  rope_theta: z._default(z.number(), 2_000_000),
  use_sliding_window: z._default(z.boolean(), false),
  // The name misleads: 1 turns, 0 does not.
  no_rope_layers: z.nullish(z.array(z.int())),
  no_rope_layer_interval: z._default(size, 4),
});

export function smollm3(config: unknown): Architecture {
  const smol = parseConfig(SmolConfig, config);
  const { no_rope_layers: list, no_rope_layer_interval: interval, num_hidden_layers: layers } = smol;
  const base = llamaLike(smol, [
    smol.use_sliding_window && "a sliding window",
    list && list.length !== layers && `${list.length} entries in no_rope_layers for ${layers} layers`,
  ]);
  const turns = (layer: number) => (list ? list[layer] !== 0 : (layer + 1) % interval !== 0);
  return { ...base, kinds: base.kinds.map((kind, layer) => (turns(layer) ? kind : { ...kind, rope: null })) };
}
