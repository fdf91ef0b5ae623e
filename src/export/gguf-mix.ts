/**
 * Which type each tensor of a GGUF gets, as llama.cpp's quantiser chooses without an importance matrix: the K-mixes give
 * more bits to attn_v and ffn_down of the layers at both ends and every third between, the output (or the embedding that
 * stands for it) gets Q6_K, and rows that a block does not divide fall back to smaller blocks.
 */
import { LAYOUTS } from "@/model/weight-formats";
import type { ExportQuant } from "@/worker/api/export";

export type GgufQuant = Exclude<ExportQuant, "q8">;

/** The type of most matrices, and general.file_type. */
const BASES: Readonly<Record<GgufQuant, { readonly type: string; readonly fileType: number }>> = {
  f32: { type: "F32", fileType: 0 },
  f16: { type: "F16", fileType: 1 },
  bf16: { type: "BF16", fileType: 32 },
  q8_0: { type: "Q8_0", fileType: 7 },
  q4_0: { type: "Q4_0", fileType: 2 },
  q5_0: { type: "Q5_0", fileType: 8 },
  q4_k_m: { type: "Q4_K", fileType: 15 },
  q5_k_m: { type: "Q5_K", fileType: 17 },
  q6_k: { type: "Q6_K", fileType: 18 },
};
const FLOATS = new Set(["F32", "F16", "BF16"]);
const SMALLER: Readonly<Record<string, string>> = { Q4_K: "Q5_0", Q5_K: "Q5_1", Q6_K: "Q8_0" };

export const fileType = (quant: GgufQuant) => BASES[quant].fileType;

export interface MixContext {
  readonly layers: number;
  /** No output.weight: the embedding stands for it. */
  readonly tied: boolean;
}

/** Norms, biases and other vectors are F32 in every file. */
export const isQuantisable = (name: string, shape: readonly number[]) =>
  shape.length > 1 && name.endsWith(".weight") && !name.endsWith("_norm.weight");

export function tensorType(quant: GgufQuant, name: string, shape: readonly number[], context: MixContext): string {
  if (!isQuantisable(name, shape)) return "F32";
  const { type } = BASES[quant];
  if (FLOATS.has(type)) return type;
  const columns = shape.at(-1) ?? 0;
  return fallBack(mixed(quant, type, name, columns, context), columns);
}

function mixed(quant: GgufQuant, type: string, name: string, columns: number, { layers, tied }: MixContext): string {
  if (name === "output.weight" || (tied && name === "token_embd.weight")) {
    return type === "Q8_0" || !divides(type, columns) ? "Q8_0" : "Q6_K";
  }
  const isMix = quant === "q4_k_m" || quant === "q5_k_m";
  const sensitive = /^blk\.(\d+)\.(?:attn_v|ffn_down)\.weight$/.exec(name);
  return isMix && sensitive && hasMoreBits(Number(sensitive[1]), layers) ? "Q6_K" : type;
}

function hasMoreBits(layer: number, layers: number): boolean {
  const eighth = Math.floor(layers / 8);
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2;
}

function fallBack(type: string, columns: number): string {
  if (divides(type, columns)) return type;
  const smaller = SMALLER[type];
  return smaller !== undefined && divides(smaller, columns) ? smaller : "F16";
}

const divides = (type: string, columns: number) =>
  columns % (LAYOUTS[type.toLowerCase() as keyof typeof LAYOUTS]?.values ?? 1) === 0;
