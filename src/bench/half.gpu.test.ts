/**
 * A whole training step with activations kept as f16, on a GPU that has the type, beside the same step in f32. All
 * projections have one shape and the products their smallest tiles, because software GPUs compile a kernel for seconds.
 */
import { expect, test } from "vitest";
import { randomRuntime } from "@/bench/random-model";
import { packBatch } from "@/data/pack";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer, Target } from "@/graph/target";
import { adapterLayout } from "@/model/adapter";
import { architectureOf } from "@/model/families";
import { randoms, targets } from "@/ops/check";
import { halfTarget } from "@/ops/check-device";
import { PLAIN_HEAD } from "@/train/objective";
import { createPasses } from "@/train/passes";
import { PROJECTIONS } from "@/train/recipe";

const WIDTH = 32;
const ARCH = architectureOf({
  ...{ model_type: "llama", rms_norm_eps: 1e-5, tie_word_embeddings: true, vocab_size: 64, rope_theta: 10_000 },
  ...{ hidden_size: WIDTH, intermediate_size: WIDTH, num_hidden_layers: 2, max_position_embeddings: 64 },
  ...{ num_attention_heads: 2, num_key_value_heads: 2, head_dim: WIDTH / 2 },
});
const half = await halfTarget({ form: "registers", rows: 4 });

async function stepOn(target: Target) {
  const runtime = randomRuntime(target, ARCH, "f32");
  const layout = adapterLayout(ARCH, { rank: 4, alpha: 8, targets: PROJECTIONS });
  const adapter = target.allocate(layout.length * 4, "adapter");
  target.write(adapter, randoms([layout.length], 3, 0.3));
  const ids = Array.from({ length: 40 }, (_, i) => (i * 29) % ARCH.vocab);
  const batch = packBatch([{ ids, labels: ids }]);
  const largest = { tokens: batch.tokens.length, labels: batch.targets.length };
  const passes = createPasses({ runtime, layout, adapter, head: PLAIN_HEAD, largest, trained: true });
  const step = packStep({ ...NO_STEP, adapter_scale: 2, loss_scale: 1 / batch.counts.labels });
  target.write(runtime.buffers.get("step") as DeviceBuffer, step);
  const nll = await (await passes.train(batch)).nll;
  const gradient = await passes.gradient();
  passes.release();
  return { loss: nll.reduce((a, b) => a + b, 0) / nll.length, gradient };
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? Number.NaN), 0);

test.skipIf(!half)("a step with activations in f16 is the step in f32", async () => {
  const cpu = (await targets()).find(({ name }) => name === "cpu");
  if (!half || !cpu) throw new Error("no engine to compare");
  const [a, b] = [await stepOn(cpu), await stepOn(half)];
  expect(b.loss).not.toBe(a.loss);
  expect(Math.abs(b.loss / a.loss - 1)).toBeLessThan(2e-2);
  const cosine = dot(a.gradient, b.gradient) / Math.sqrt(dot(a.gradient, a.gradient) * dot(b.gradient, b.gradient));
  expect(cosine).toBeGreaterThan(0.999);
});
