/** Llama and its kin (SmolLM2, TinyLlama, Llama 3 with its scaled rope): the decoder with nothing changed. */
import type { Architecture } from "@/model/architecture";
import { BaseConfig, llamaLike, parseConfig } from "@/model/config";

export const llama = (config: unknown): Architecture => llamaLike(parseConfig(BaseConfig, config));
