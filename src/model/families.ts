/** Every family that Burnish runs, by `model_type`: a function from its `config.json` to an Architecture. */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { Architecture } from "@/model/architecture";
import { gemma3 } from "@/model/gemma3";
import { llama } from "@/model/llama";
import { olmo2 } from "@/model/olmo2";
import { qwen2 } from "@/model/qwen2";
import { qwen3 } from "@/model/qwen3";
import { smollm3 } from "@/model/smollm3";

export const FAMILIES: Readonly<Record<string, (config: unknown) => Architecture>> = {
  llama,
  qwen2,
  qwen3,
  gemma3_text: gemma3,
  olmo2,
  smollm3,
};

/** Throws AppError "model/bad-config" for a config that does not fit, "model/unsupported" for what we cannot run. */
export function architectureOf(config: unknown): Architecture {
  const parsed = z.safeParse(z.looseObject({ model_type: z.string() }), config);
  const type = parsed.success ? parsed.data.model_type : undefined;
  const family = type !== undefined && Object.hasOwn(FAMILIES, type) ? FAMILIES[type] : undefined;
  if (family) return family(config);
  const found = type === undefined ? "none" : `"${type}"`;
  throw new AppError(
    "model/unsupported",
    `The model type is ${found}; Burnish runs ${Object.keys(FAMILIES).join(", ")}.`,
    {
      hint: "Choose a model whose config.json has one of these as its model_type, such as SmolLM2, Qwen3 or Gemma 3.",
    },
  );
}
