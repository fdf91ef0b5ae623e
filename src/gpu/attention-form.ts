/**
 * Which kernel attends: many rows go four to a lane; a few rows, as in generation, share a workgroup each, because one
 * lane that walks a whole cache leaves the device idle. Not on software adapters: their barriers cost more.
 */
import type { Call } from "@/graph/target";

/** Rows up to which their tiles could not fill a device. */
const FEW = 32;

export function attentionForm(call: Call, software: boolean): Call {
  const [rows = 0] = call.reads.q?.shape ?? [];
  if (call.kernel !== "attention.forward" || rows > FEW || software) return call;
  return { ...call, kernel: "attention-split.forward", grid: [rows, call.constants.KV_HEADS ?? 1, 1] };
}
