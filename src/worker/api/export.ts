/** How a result leaves: formats, choices and what they come to, as types only. */
/** How a result leaves: the adapter alone (PEFT, or GGUF for llama.cpp), or merged into its base. */
export type ExportFormat = "peft" | "safetensors" | "gguf" | "gguf-lora" | "onnx";

export type ExportQuant = "f32" | "f16" | "bf16" | "q8_0" | "q4_0" | "q5_0" | "q4_k_m" | "q5_k_m" | "q6_k" | "q8";

export interface ExportChoice {
  readonly format: ExportFormat;
  /** The format's default when absent. */
  readonly quant?: ExportQuant | undefined;
  /** What the files are called after; the base's name when absent. */
  readonly name?: string | undefined;
}

/** What an export will be, before it is. */
export interface ExportOutline {
  readonly format: ExportFormat;
  readonly quant: ExportQuant | null;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly bytes: number;
  readonly notes: readonly string[];
}
