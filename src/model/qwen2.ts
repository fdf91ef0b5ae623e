/** Qwen2 and Qwen2.5: a Llama whose queries, keys and values have biases; windows on upper layers where asked for. */
import * as z from "zod/mini";
import type { Architecture } from "@/model/architecture";
import { BaseConfig, layerKinds, layerTypesFault, llamaLike, parseConfig, size, WindowConfig } from "@/model/config";

export const QwenConfig = z.extend(BaseConfig, {
  ...WindowConfig,
  sliding_window: z._default(z.nullable(size), 4096),
  max_position_embeddings: z._default(size, 32_768),
  use_sliding_window: z._default(z.boolean(), false),
  max_window_layers: z._default(z.int(), 28),
});

export function qwen2(config: unknown): Architecture {
  const qwen = parseConfig(QwenConfig, config);
  return { ...windowed(qwen), biases: ["q_proj", "k_proj", "v_proj"] };
}

/** Also Qwen3's: layers from `max_window_layers` on slide, when the window is on at all. */
export function windowed(qwen: z.infer<typeof QwenConfig>): Architecture {
  const window = qwen.use_sliding_window ? qwen.sliding_window : null;
  const layers = qwen.num_hidden_layers;
  const slides = (layer: number) => window !== null && layer >= qwen.max_window_layers;
  const types =
    qwen.layer_types ?? Array.from({ length: layers }, (_, i) => (slides(i) ? "sliding_attention" : "full_attention"));
  const base = llamaLike(qwen, [layerTypesFault(types, layers)]);
  return { ...base, kinds: layerKinds(types, window, () => "global") };
}
