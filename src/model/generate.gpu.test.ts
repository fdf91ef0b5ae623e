/** Prompts that begin alike are read once, and every answer is what it is alone. */
import { describe, expect, test } from "vitest";
import { createGenerator, type GenerationRequest } from "@/model/generate";
import { targets } from "@/ops/check";
import { openGolden } from "@/train/goldens";

const count = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
/** Four begin with the same ten tokens, one goes on from there, one is another; with three places some wait. */
const PROMPTS = [
  count(20, 30),
  [...count(20, 30), 7],
  count(20, 30),
  [...count(20, 31), 5, 6],
  count(40, 43),
  count(20, 30),
] as const;

describe.each((await targets()).map((target) => [target.name, target] as const))("on %s", async (_, target) => {
  const { runtime, layout, adapter } = await openGolden("llama-gqa", target);
  const generator = createGenerator(runtime, { layout, buffer: adapter }, { sequences: 3, length: 20 });
  const answers = (requests: readonly GenerationRequest[], temperature: number) =>
    generator.run(requests, { maxTokens: 6, temperature, seed: 3, adapterScale: layout.scale, stopIds: [] });

  test("a shared beginning changes no answer", async () => {
    const requests = PROMPTS.map((prompt, key) => ({ prompt, key }));
    for (const temperature of [0, 1]) {
      const together = await answers(requests, temperature);
      const alone = [];
      for (const request of requests) alone.push(...(await answers([request], temperature)));
      expect(together).toEqual(alone);
      if (temperature > 0) expect(together[2]).not.toEqual(together[0]);
    }
  });
});
