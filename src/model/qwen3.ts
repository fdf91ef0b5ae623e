/** Qwen3: each head of queries and keys is normalised before it turns, and a head has 128 values unless told. */
import * as z from "zod/mini";
import type { Architecture } from "@/model/architecture";
import { parseConfig, size } from "@/model/config";
import { QwenConfig, windowed } from "@/model/qwen2";

const Qwen3Config = z.extend(QwenConfig, { head_dim: z._default(size, 128) });

export function qwen3(config: unknown): Architecture {
  const base = windowed(parseConfig(Qwen3Config, config));
  return { ...base, norms: { ...base.norms, query: base.headDim, key: base.headDim } };
}
