import { expect, test } from "vitest";
import { keeping } from "@/eval/kept";
import { type Completion, keyOf, type Prompt, type Provider } from "@/eval/provider";
import { openAnswers } from "@/session/kept-answers";
import { memoryFiles } from "@/storage/memory-files";

const OPTIONS = { maxTokens: 4, temperature: 0.5, seed: 3 };

/** Says prompt and key; dies after so many answers. */
function mortal(lives: number, asked: Prompt[], id: string | undefined = "m"): Provider {
  let left = lives;
  return {
    name: "mortal",
    ...(id === undefined ? {} : { id }),
    complete: async (prompts, options) =>
      prompts.map((prompt, i): Completion => {
        asked.push(prompt);
        const base = { latencyMs: 1, attempts: 1 };
        const said: Completion =
          left-- > 0
            ? {
                ...base,
                ok: true,
                text: `${prompt} ${keyOf(options, i)}`,
                promptTokens: 1,
                completionTokens: 1,
                truncated: false,
              }
            : { ...base, ok: false, fault: "network", message: "gone" };
        options.onDone?.(i, said);
        return said;
      }),
  };
}

test("what a dead server had said is kept; only the rest is asked again, each with its own seed", async () => {
  const files = memoryFiles();
  const asked: Prompt[] = [];
  const prompts = ["a", "b", "c", "d"];
  const first = await openAnswers(files, "s.jsonl");
  const half = await keeping(mortal(2, asked), first).complete(prompts, { ...OPTIONS, keys: [4, 5, 6, 7] });
  expect(half.map(({ ok }) => ok)).toEqual([true, true, false, false]);
  await first.close(false);
  // The process died while it wrote.
  const torn = await files.openWriter("s.jsonl", (await files.get("s.jsonl"))?.size ?? 0);
  await torn.write(new TextEncoder().encode('{"key":"x","comp'));
  await torn.close();

  asked.length = 0;
  const again = await openAnswers(files, "s.jsonl");
  expect(again.found).toBe(2);
  const told: number[] = [];
  const options = { ...OPTIONS, keys: [4, 5, 6, 7], onDone: (index: number) => told.push(index) };
  const whole = await keeping(mortal(9, asked), again).complete(prompts, options);
  expect(asked).toEqual(["c", "d"]);
  expect(told.sort()).toEqual([0, 1, 2, 3]);
  expect(whole.map((one) => one.ok && one.text)).toEqual(["a 4", "b 5", "c 6", "d 7"]);
  await again.close(true);
  expect(await files.get("s.jsonl")).toBeNull();
});

test("another seed, limit or model is another question; who has no id keeps nothing", async () => {
  const kept = await openAnswers(memoryFiles(), "s.jsonl");
  const asked: Prompt[] = [];
  const ask = (provider: Provider, more = {}) => keeping(provider, kept).complete(["a"], { ...OPTIONS, ...more });
  const provider = mortal(99, asked);
  await ask(provider);
  await ask(provider);
  expect(asked).toHaveLength(1);
  await ask(provider, { seed: 4 });
  await ask(provider, { maxTokens: 5 });
  await ask(mortal(99, asked, "other"));
  expect(asked).toHaveLength(4);
  const { id: _, ...unknown } = provider;
  await ask(unknown);
  await ask(unknown);
  expect(asked).toHaveLength(6);
});
