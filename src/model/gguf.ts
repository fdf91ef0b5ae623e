/**
 * A GGUF file as a model: its tensors under Hugging Face's names, its rows in Hugging Face's order, its quantised blocks
 * as they are. What the decoder needs to know is said as a `config.json` (gguf-config.ts) and read by the same families.
 *
 * llama.cpp turns neighbouring pairs of a head where transformers turns its halves, so converters reorder the rows of
 * Llama's q and k. A row keeps its blocks, so the order is restored without unpacking: HF row (half, i) of a head is file
 * row 2 i + half.
 */
import { AppError } from "@/errors";
import type { ByteSource } from "@/files/byte-source";
import { type Gguf, type GgufTensor, readGguf } from "@/files/gguf";
import type { WeightFormat } from "@/graph/target";
import type { Architecture, LayerNorm } from "@/model/architecture";
import { architectureOf } from "@/model/families";
import { ggufConfig, INTERLEAVED } from "@/model/gguf-config";
import type { Located, Stored } from "@/model/located";
import { requireTensors } from "@/model/weights";
import { PROJECTIONS, type Projection } from "@/train/recipe";

export interface GgufModel {
  readonly arch: Architecture;
  readonly located: ReadonlyMap<string, Located>;
  readonly formatOf: (name: string) => WeightFormat;
  readonly metadata: Gguf["metadata"];
}

const PROJECTION_NAMES: Readonly<Record<Projection, string>> = {
  q_proj: "attn_q",
  k_proj: "attn_k",
  v_proj: "attn_v",
  o_proj: "attn_output",
  gate_proj: "ffn_gate",
  up_proj: "ffn_up",
  down_proj: "ffn_down",
};
const NORM_NAMES: Readonly<Record<LayerNorm, string>> = {
  attention: "attn_norm",
  attentionOut: "post_attention_norm",
  ffn: "ffn_norm",
  ffnOut: "post_ffw_norm",
  query: "attn_q_norm",
  key: "attn_k_norm",
};
const STORED: Readonly<Record<string, Stored>> = {
  F32: "f32",
  F16: "f16",
  BF16: "bf16",
  Q8_0: "q8_0",
  Q4_0: "q4_0",
  Q4_1: "q4_1",
  Q5_0: "q5_0",
  Q5_1: "q5_1",
  Q4_K: "q4_k",
  Q5_K: "q5_k",
  Q6_K: "q6_k",
};
export const ROPE_FACTORS = "rope_freqs.weight";

/** Throws "file/…", "model/unsupported", "model/bad-config" or "model/bad-shape". */
export async function openGguf(source: ByteSource): Promise<GgufModel> {
  const gguf = await readGguf(source);
  const arch = await scaledRope(architectureOf(ggufConfig(gguf)), gguf, source);
  const located = new Map<string, Located>();
  const names = ggufTensorNames(arch, String(gguf.metadata.get("general.architecture")));
  const faults: string[] = [];
  for (const [name, tensor] of gguf.tensors) {
    const target = names.get(name);
    const stored = STORED[tensor.type];
    if (target && stored) located.set(target.name, locate(source, tensor, stored, target.headDim));
    else if (target) faults.push(`${name} in the format ${tensor.type}`);
    else if (name !== ROPE_FACTORS) faults.push(`${name}, which its architecture has no place for`);
  }
  refuse(faults);
  requireTensors(arch, located, "Get the file again from its source, or from another one that you trust.");
  return { arch, located, formatOf: (name) => located.get(name)?.stored ?? "f32", metadata: gguf.metadata };
}

export interface NamedPlace {
  readonly name: string;
  /** Rows of a head that stand interleaved; 0 for rows in order. */
  readonly headDim: number;
}

/** GGUF's name → ours, for an architecture of that name in GGUF. */
export function ggufTensorNames(arch: Architecture, architecture: string): Map<string, NamedPlace> {
  const { names } = arch;
  const interleaved = INTERLEAVED.has(architecture);
  const found = new Map<string, NamedPlace>();
  const add = (from: string, name: string, headDim = 0) => found.set(from, { name, headDim });
  add("token_embd.weight", names.embedding);
  add("output_norm.weight", names.finalNorm);
  if (!arch.tied) add("output.weight", names.head);
  for (let layer = 0; layer < arch.layers; layer++) {
    for (const norm of Object.keys(arch.norms) as LayerNorm[]) {
      add(`blk.${layer}.${NORM_NAMES[norm]}.weight`, names.norm(layer, norm));
    }
    for (const projection of PROJECTIONS) {
      const turned = interleaved && (projection === "q_proj" || projection === "k_proj");
      const headDim = turned ? arch.headDim : 0;
      const from = `blk.${layer}.${PROJECTION_NAMES[projection]}`;
      add(`${from}.weight`, names.projection(layer, projection), headDim);
      if (arch.biases.includes(projection)) add(`${from}.bias`, names.bias(layer, projection), headDim);
    }
  }
  return found;
}

function locate(source: ByteSource, tensor: GgufTensor, stored: Stored, headDim: number): Located {
  const { shape, offset, bytes } = tensor;
  const isVector = shape.length === 1;
  const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  const stride = bytes / rows;
  return {
    shape,
    stored,
    group: headDim === 0 || isVector ? 1 : headDim,
    async read(first, count) {
      const data = await source.read(offset + first * stride, count * stride);
      if (headDim === 0) return data;
      // A bias is one row, in which values stand as rows do in a matrix.
      return isVector ? separate(data, bytes / (shape[0] ?? 1), headDim) : separate(data, stride, headDim);
    },
  };
}

/** Interleaved halves of each head → first half, second half. `unit` is a row's bytes. */
export function separate(data: Uint8Array<ArrayBuffer>, unit: number, headDim: number): Uint8Array<ArrayBuffer> {
  return moveRows(data, unit, headDim, (file, ours) => [file, ours]);
}

/** First half, second half of each head → interleaved, as llama.cpp turns them. */
export function interleave(data: Uint8Array<ArrayBuffer>, unit: number, headDim: number): Uint8Array<ArrayBuffer> {
  return moveRows(data, unit, headDim, (file, ours) => [ours, file]);
}

function moveRows(
  data: Uint8Array<ArrayBuffer>,
  unit: number,
  headDim: number,
  direction: (file: number, ours: number) => [number, number],
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(data.length);
  const half = headDim / 2;
  for (let head = 0; head < data.length; head += headDim * unit) {
    for (let row = 0; row < headDim; row++) {
      const [source, to] = direction(2 * (row % half) + Math.floor(row / half), row);
      const from = head + source * unit;
      out.set(data.subarray(from, from + unit), head + to * unit);
    }
  }
  return out;
}

/** Llama 3's scaled rope is a tensor of divisors here, where config.json has a formula. */
async function scaledRope(arch: Architecture, gguf: Gguf, source: ByteSource): Promise<Architecture> {
  const found = gguf.tensors.get(ROPE_FACTORS);
  if (!found) return arch;
  const factors = found.type === "F32" ? new Float32Array((await source.read(found.offset, found.bytes)).buffer) : [];
  if (factors.length !== arch.headDim / 2 || !factors.every((factor) => Number.isFinite(factor) && factor > 0)) {
    throw new AppError(
      "file/malformed",
      `The GGUF file's ${ROPE_FACTORS} does not fit heads of ${arch.headDim} values.`,
      {
        hint: "Get the file again from its source, or from another one that you trust.",
      },
    );
  }
  const ropes = Object.entries(arch.ropes).map(([name, rope]) => [name, rope.map((f, i) => f / (factors[i] ?? 1))]);
  return { ...arch, ropes: Object.fromEntries(ropes) };
}

function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const more = faults.length > 3 ? `; and ${faults.length - 3} more` : "";
  throw new AppError("model/unsupported", `The GGUF file has ${faults.slice(0, 3).join("; ")}${more}.`, {
    hint: `Burnish reads ${Object.keys(STORED).join(", ")}; take the model in another quantisation, such as Q8_0 or Q4_K_M.`,
  });
}
