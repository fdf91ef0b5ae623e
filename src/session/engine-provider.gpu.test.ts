/** Our engine as a provider, on a tiny model: what it tells while it answers, its seeds, its faults, its likelihoods. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Completion, Provider } from "@/eval/provider";
import { chooseTarget } from "@/session/choose-target";
import { engineProvider } from "@/session/engine-provider";
import { type OpenModel, openModel } from "@/session/open-model";
import { readModel } from "@/session/read-model";

const FOLDER = "e2e/fixtures/llama-gqa";
let model: OpenModel;
let provider: Provider;
beforeAll(async () => {
  const { target } = await chooseTarget("cpu", undefined);
  const files = readdirSync(FOLDER)
    .filter((name) => /^(config|tokenizer.*|model)\.(json|safetensors)$/.test(name))
    .map((name) => ({ name, blob: new Blob([readFileSync(join(FOLDER, name))]) }));
  model = await openModel(target, await readModel({ name: "tiny", files }, "auto", target.limits), () => {});
  provider = engineProvider(model, undefined);
});

const OPTIONS = { maxTokens: 6, temperature: 0.9, seed: 7 };
const PROMPTS = ["The sky", "Two and two", "Once upon", "A dog"];
const texts = (said: readonly Completion[]) => said.map((one) => (one.ok ? one.text : one.fault));

test("each answer is told whole as it ends, once", async () => {
  const told = new Map<number, Completion>();
  const said = await provider.complete(PROMPTS, {
    ...OPTIONS,
    onDone: (index, completion) => {
      expect(told.has(index)).toBe(false);
      told.set(index, completion);
    },
  });
  expect([...told.keys()].sort()).toEqual([0, 1, 2, 3]);
  for (const [index, completion] of told) expect(completion).toEqual(said[index]);
  expect(said[0]).toMatchObject({ ok: true, promptTokens: model.tokenizer.encode("The sky").length });
  expect(new Set(texts(said)).size).toBeGreaterThan(1);
});

test("a prompt that is too long moves no other's seed, and is told too", async () => {
  const alone = texts(await provider.complete(PROMPTS, OPTIONS));
  const long = "word ".repeat(model.runtime.positions);
  const told: number[] = [];
  const mixed = await provider.complete(["The sky", long, "Two and two"], {
    ...OPTIONS,
    keys: [0, 9, 1],
    onDone: (index) => told.push(index),
  });
  expect(texts(mixed)).toEqual([alone[0], "too-long", alone[1]]);
  expect(told.sort()).toEqual([0, 1, 2]);
  const later = await provider.complete(PROMPTS.slice(2), { ...OPTIONS, keys: [2, 3] });
  expect(texts(later)).toEqual(alone.slice(2));
});

test("an answer ends before its mark, alone; a stop keeps what was had", async () => {
  const greedy = { ...OPTIONS, temperature: 0, maxTokens: 12 };
  const [first, second] = await provider.complete(PROMPTS.slice(0, 2), greedy);
  const [text, other] = [first?.ok ? first.text : "", second?.ok ? second.text : ""];
  const mark = [...text].find((letter) => !other.includes(letter)) ?? text.slice(1, 3);
  const [cut, whole] = await provider.complete(PROMPTS.slice(0, 2), { ...greedy, stop: [mark] });
  expect(cut).toMatchObject({ ok: true, text: text.slice(0, text.indexOf(mark)), truncated: false });
  expect(cut?.ok && cut.completionTokens).toBeLessThan(12);
  if (!other.includes(mark)) expect(whole).toMatchObject({ text: other });
  const stop = new AbortController();
  const said = await provider.complete(Array<string>(40).fill("The sky"), {
    ...greedy,
    signal: stop.signal,
    onDone: () => stop.abort(),
  });
  expect(said[0]).toMatchObject({ ok: true, text });
  expect(said.at(-1)).toMatchObject({ ok: false, fault: "stopped" });
});

test("likelihoods: a batch is as each alone, a longer text less likely, what does not fit is said", async () => {
  const items = [
    { prompt: "The sky", continuation: " is blue" },
    { prompt: "The sky", continuation: " is blue and the sea is green" },
    { prompt: "The sky", continuation: " word".repeat(model.runtime.positions) },
  ];
  const found = (await provider.likelihood?.(items)) ?? [];
  const [alone] = (await provider.likelihood?.(items.slice(0, 1))) ?? [];
  const logprob = (at: number) => (found[at]?.ok ? found[at].logprob : Number.NaN);
  expect(alone?.ok && Math.abs(alone.logprob - logprob(0))).toBeLessThan(1e-4);
  expect(logprob(1)).toBeLessThan(logprob(0));
  expect(found[2]).toMatchObject({ ok: false, fault: "too-long" });
});
