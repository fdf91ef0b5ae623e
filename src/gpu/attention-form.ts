/**
 * Which kernel attends: many rows go four to a lane, or 32 to a workgroup that shares tiles of keys, whichever is faster on
 * the device; a few rows, as in generation, share a workgroup each, because one lane that walks a whole cache leaves
 * the device idle. Not on software adapters: their barriers cost more.
 */
import type { Call } from "@/graph/target";

export type AttentionForm = "registers" | "shared";
export type AttentionEntry = "forward" | "backward_q" | "backward_kv";
export type ChooseAttention = (entry: AttentionEntry, headDim: number) => AttentionForm;

/** Rows up to which their tiles could not fill a device. */
const FEW = 32;
/** Rows, or keys, of a shared tile. */
const TILE = 32;
/** A lane of the shared form keeps a sixteenth of its tile's heads in registers, twice for keys and values. */
const MOST_DIM = 128;

export function attentionForm(call: Call, software: boolean, choose: ChooseAttention): Call {
  const [file, entry] = call.kernel.split(".");
  const [rows = 0] = call.reads.q?.shape ?? [];
  if (file !== "attention" || rows === 0) return call;
  const { HEADS = 1, KV_HEADS = 1, HEAD_DIM = 0 } = call.constants;
  if (entry === "forward" && rows <= FEW && !software)
    return { ...call, kernel: "attention-split.forward", grid: [rows, KV_HEADS, 1] };
  // Rows of a generation look at a cache; what sees its own pass is training or evaluation.
  const own = call.reads.k?.shape[0] === rows;
  if (!own || HEAD_DIM > MOST_DIM || choose(entry as AttentionEntry, HEAD_DIM) === "registers") return call;
  const count = entry === "backward_kv" ? rows : (rows * HEADS) / KV_HEADS;
  return { ...call, kernel: `attention-shared.${entry}`, grid: [Math.ceil(count / TILE), KV_HEADS, 1] };
}
