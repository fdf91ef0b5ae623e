/**
 * What GRPO's answers cost beside the step that learns from them: G answers to one prompt on the bundled model, then
 * forward, backward and update over all of them, in turns, so that a busy machine disturbs both alike.
 *
 *     node src/cpu/bench.mjs --rollout [threads …]        # default: 2
 *
 * No answer ends early here, so both do all of their work. Times are the best of all turns.
 */
import { readFileSync } from "node:fs";
import { createCpuTarget } from "@/cpu/cpu-target";
import { packBatch } from "@/data/pack";
import { fromBytes } from "@/files/byte-source";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer, Target } from "@/graph/target";
import { adapterLayout, initialAdapter } from "@/model/adapter";
import { architectureOf } from "@/model/families";
import { createGenerator } from "@/model/generate";
import { createRuntime } from "@/model/runtime";
import { locateTensors } from "@/model/weights";
import { PLAIN_HEAD } from "@/train/objective";
import { createPasses } from "@/train/passes";
import { parseRecipe } from "@/train/recipe";

const GROUP = 8;
const PROMPT = 9;
const ANSWER = 64;
const SECONDS = 8;

const bundled = (file: string) => readFileSync(new URL(`../../public/models/ember/${file}`, import.meta.url));

async function open(target: Target) {
  const arch = architectureOf(JSON.parse(bundled("config.json").toString()));
  const located = await locateTensors(arch, [fromBytes(bundled("model.safetensors"))]);
  const runtime = await createRuntime(target, arch, "f32", located, () => {});
  const { lora } = parseRecipe({});
  const layout = adapterLayout(arch, lora);
  const buffer = target.allocate(layout.length * 4, "adapter");
  target.write(buffer, initialAdapter(layout, 1, lora.init));
  return { runtime, layout, buffer };
}

async function compare(target: Target): Promise<{ generation: number; step: number }> {
  const { runtime, layout, buffer } = await open(target);
  const generator = createGenerator(runtime, { layout, buffer }, { sequences: GROUP, length: PROMPT + ANSWER });
  const prompt = Array.from({ length: PROMPT }, (_, i) => 100 + 7 * i);
  const requests = Array.from({ length: GROUP }, (_, key) => ({ prompt, key }));
  const options = { maxTokens: ANSWER, temperature: 1, seed: 1, adapterScale: layout.scale, stopIds: [] };
  const answers = await generator.run(requests, options);
  const batch = packBatch(
    answers.map((answer) => ({ ids: [...prompt, ...answer], labels: [...prompt.map(() => -100), ...answer] })),
  );
  const largest = { tokens: batch.tokens.length, labels: batch.targets.length };
  const passes = createPasses({ runtime, layout, adapter: buffer, head: PLAIN_HEAD, largest, trained: true });
  const learn = async () => {
    // A rate of 0, so that every turn finds the same adapter.
    const settings = packStep({ ...NO_STEP, adapter_scale: layout.scale, loss_scale: 1 });
    target.write(runtime.buffers.get("step") as DeviceBuffer, settings);
    await (await passes.train(batch)).nll;
    await (await passes.update()).norm;
  };
  const best = { generation: Number.POSITIVE_INFINITY, step: Number.POSITIVE_INFINITY };
  const clock = async (which: keyof typeof best, run: () => Promise<unknown>) => {
    const start = performance.now();
    await run();
    best[which] = Math.min(best[which], performance.now() - start);
  };
  await learn();
  for (const end = performance.now() + 1000 * SECONDS; performance.now() < end; ) {
    await clock("generation", () => generator.run(requests, options));
    await clock("step", learn);
  }
  return best;
}

export async function bench(threadCounts: readonly number[], relaxed: boolean): Promise<void> {
  for (const threads of threadCounts) {
    const target = await createCpuTarget({ threads, relaxed });
    const { generation, step } = await compare(target);
    const words = `${GROUP} answers of ${ANSWER} tokens ${generation.toFixed(1)} ms, their step ${step.toFixed(1)} ms`;
    console.log(`${target.description}: ${words}, ratio ${(generation / step).toFixed(2)}`);
    target.release();
  }
}
