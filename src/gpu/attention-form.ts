/**
 * Which kernel attends: many rows go four to a lane, alone or with three neighbours that share loads, or 32 to a workgroup
 * that shares tiles of keys, whichever is faster on the device; a few rows, as in generation, share a workgroup each,
 * because one lane that walks a whole cache leaves the device idle. Not on software adapters: their barriers cost more.
 */
import type { Launch } from "@/gpu/products";
import { elements } from "@/graph/graph";
import type { Call } from "@/graph/target";

export type AttentionForm = "registers" | "quads" | "shared";
export type AttentionEntry = "forward" | "backward_q" | "backward_kv";
export type ChooseAttention = (entry: AttentionEntry, headDim: number) => AttentionForm;

/** Rows up to which their tiles could not fill a device. */
const FEW = 32;
/** Rows, or keys, of a shared tile. */
const TILE = 32;
/** A lane of the shared form keeps a sixteenth of its tile's heads in registers, twice for keys and values. */
const MOST_DIM = 128;

/** Lanes of a workgroup, where nothing is shared in one. */
const LANES = 32;

export function attentionForm(call: Call, software: boolean, choose: ChooseAttention): Launch {
  const [file, entry] = call.kernel.split(".");
  if (file !== "attention") return { ...call, libraries: {} };
  const { HEADS = 1, KV_HEADS = 1, HEAD_DIM = 0 } = call.constants;
  const inLanes = (count: number, lanes: "alone" | "quad", kernel = call.kernel): Launch => ({
    ...call,
    kernel,
    constants: { ...call.constants, LANES },
    grid: [Math.ceil(count / LANES), 1, 1],
    libraries: { lanes: `lanes-${lanes}` },
  });
  if (entry === "delta") return inLanes(elements(call.writes.stats?.shape ?? []) / 2, "alone");

  const [rows = 0] = call.reads.q?.shape ?? [];
  if (entry === "forward" && rows <= FEW && !software)
    return { ...call, kernel: "attention-split.forward", grid: [rows, KV_HEADS, 1], libraries: {} };
  // Rows, or keys, of a key/value head; four to a lane, and four neighbouring lanes have a head in common.
  const count = entry === "backward_kv" ? rows : (rows * HEADS) / KV_HEADS;
  const fours = 4 * Math.ceil(count / 16) * KV_HEADS;
  // Rows of a generation look at a cache; what sees its own pass is training or evaluation.
  if (call.reads.k?.shape[0] !== rows) return inLanes(fours, "alone", "attention.forward_cached");
  const form = choose(entry as AttentionEntry, HEAD_DIM);
  if (form === "quads") return inLanes(fours, "quad");
  if (form === "registers" || HEAD_DIM > MOST_DIM) return inLanes(fours, "alone");
  const grid = [Math.ceil(count / TILE), KV_HEADS, 1] as const;
  return { ...call, kernel: `attention-shared.${entry}`, grid, libraries: {} };
}
