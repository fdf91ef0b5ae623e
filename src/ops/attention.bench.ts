/** Training's attention in every form that this device can run; linear.bench.ts says how to run it. */
import type { AttentionForm } from "@/gpu/attention-form";
import { type Entry, runnable } from "@/gpu/bench-entry";
import { openDevice } from "@/gpu/device";
import { attentionCall, ENTRIES } from "@/gpu/trial-calls";
import { attentionClass } from "@/gpu/variants";

/** SmolLM2-135M's heads, Ember's, Gemma's. */
const SHAPES = [
  { tokens: 512, heads: 9, kvHeads: 3, dim: 64 },
  { tokens: 128, heads: 9, kvHeads: 3, dim: 64 },
  { tokens: 512, heads: 4, kvHeads: 2, dim: 32 },
  { tokens: 256, heads: 4, kvHeads: 1, dim: 256 },
];
const FORMS: readonly AttentionForm[] = ["registers", "quads", "shared"];
/** Products of rows and keys that an entry makes. */
const PRODUCTS = { forward: 2, backward_q: 3, backward_kv: 4 };

export async function entries(gpu: GPU, filter: RegExp): Promise<Entry[]> {
  const opened = await openDevice(gpu);
  const made: Entry[] = [];
  for (const shape of SHAPES) {
    for (const entry of ENTRIES) {
      for (const name of FORMS) {
        const { tokens, heads, kvHeads, dim } = shape;
        const group = `${entry} ${tokens} tokens, ${heads} heads over ${kvHeads} of ${dim}`;
        if (!filter.test(`${group} ${name}`)) continue;
        if (name === "quads" && !opened.device.features.has("subgroups")) continue;
        const forms = { product: () => ({ form: "registers" }) as const, attention: () => name };
        const call = attentionCall(entry, dim, shape);
        const run = await runnable(opened, forms, `${group} ${name}`, call, attentionClass(entry, dim));
        made.push({ name, group, flops: PRODUCTS[entry] * heads * dim * tokens * (tokens + 1), run });
      }
    }
  }
  return made;
}
