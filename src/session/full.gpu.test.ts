/** Weights of their own, trained, compared, kept, resumed and written: what a whole run does with them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Session } from "@/session/contract";
import { fileHash, jsonRows, openTinySession, watch } from "@/session/tiny-session";
import type { RecipeInput } from "@/train/recipe";

const rows = Array.from({ length: 20 }, (_, i) => ({ prompt: `${i} and `, completion: `${i * 7} is it.` }));
const recipe: RecipeInput = {
  trains: "full",
  data: { holdout: 0.3, maxLength: 64 },
  optimizer: { learningRate: 2e-3, weightDecay: 0.01 },
  schedule: { kind: "cosine", warmup: 2, steps: 8 },
  batch: { size: 3, accumulate: 2 },
  evaluate: { every: 4, maxTokens: 8 },
  keep: { every: 1 },
};

let session: Session;
beforeAll(async () => {
  session = await openTinySession();
  await session.openDataset(jsonRows(rows), recipe);
});
afterAll(() => session.release());

const weightsHash = async () => {
  const files = await session.exportAdapter();
  return fileHash(files.filter(({ name }) => name === "model.safetensors"));
};

test("the loss falls, both arms answer, and the base is as it was", async () => {
  const before = await session.evaluateBase(() => {});
  const result = await session.train(recipe, () => {});
  expect(result.evalLossAfter).toBeLessThan((result.evalLossBefore ?? 0) * 0.9);
  expect((await session.evaluateBase(() => {})).map(({ base }) => base)).toEqual(before.map(({ base }) => base));
  const say = (adapter: boolean) =>
    session.generate("3 and ", { maxTokens: 8, temperature: 0, seed: 1, adapter, chat: false }, () => {});
  expect(await say(true)).not.toBe(await say(false));
  const { n } = await session.compare(() => {});
  expect(n).toBe(before.length);
});

test("what is written is read again and says the same; what is an adapter's is refused", async () => {
  for (const [format, quant] of [
    ["safetensors", "f32"],
    ["gguf", "f32"],
  ] as const) {
    const files = await session.exportModel({ format, quant }, () => {});
    const made = await session.planExport({ format, quant });
    const tested = await session.selfTest(made, files, null, () => {});
    expect(tested.checks.filter(({ passed }) => !passed)).toEqual([]);
  }
  await expect(session.planExport({ format: "peft" })).rejects.toThrow("there is no adapter to write");
  await expect(session.planExport({ format: "gguf-lora" })).rejects.toThrow("there is no adapter to write");
});

/** Trains whole, and then again with a cut; something else is trained in between. */
async function expectSameAfterCut(settings: RecipeInput, point: number): Promise<void> {
  const whole = watch(session);
  await session.train(settings, whole.onEvent);
  const hash = await weightsHash();
  const before = watch(session, point);
  const cut = await session.train(settings, before.onEvent);
  await session.train({ ...settings, seed: 7, schedule: { steps: 1 } }, () => {});
  const after = watch(session);
  await session.resumeRun(cut.run ?? "", after.onEvent);
  for (const [step, loss] of [...before.losses, ...after.losses]) {
    expect([step, loss]).toEqual([step, whole.losses.get(step)]);
  }
  expect(before.losses.size).toBeLessThan(whole.losses.size);
  expect(await weightsHash()).toBe(hash);
}

const brief = { ...recipe, schedule: { ...recipe.schedule, steps: 5 }, evaluate: { every: 0 } };
test.each([
  ["AdamW", 2, { ...brief, evaluate: recipe.evaluate }],
  ["some weights frozen, SGD", 1, { ...brief, full: { freeze: ["*norm*", "*embed*"] }, optimizer: { kind: "sgd" } }],
  ["Muon, whose momentum is of two lengths", 2, { ...brief, optimizer: { kind: "muon", otherLearningRate: 1e-3 } }],
  ["from scratch", 3, { ...brief, start: "scratch", full: { initStd: 0.1 } }],
] as const satisfies readonly (readonly [string, number, RecipeInput])[])(
  "cut and resumed, equal to the last bit: %s",
  (_, point, settings) => expectSameAfterCut(settings, point),
);

test("by preference and by reward, from the weights as they were; cut and resumed too", async () => {
  const pairs = rows.map(({ prompt, completion }) => ({ prompt, chosen: completion, rejected: "No, never." }));
  const short = { ...brief, schedule: { steps: 3 } };
  const preference = { ...short, method: "dpo" as const };
  await session.openDataset(jsonRows(pairs), preference);
  const seen = watch(session);
  await session.train(preference, seen.onEvent);
  // Before the first update the policy is the reference.
  expect(seen.losses.get(1)).toBeCloseTo(Math.log(2), 5);
  expect(seen.losses.get(3)).toBeLessThan(Math.log(2));
  await expectSameAfterCut(preference, 2);

  const reward = { name: "regex" as const, pattern: "[aeiou] ?[a-z]" };
  const grpo = { numGenerations: 4, maxCompletionLength: 8, beta: 0.05, rewards: [reward] };
  const rewarded = { ...short, method: "grpo" as const, grpo };
  await session.openDataset(jsonRows(rows.map(({ prompt }) => ({ prompt }))), rewarded);
  await expectSameAfterCut(rewarded, 2);
  await session.openDataset(jsonRows(rows), recipe);
});

test("patterns that fit nothing name the nearest weights; a start that makes no sense is refused", async () => {
  const freeze = (pattern: string) => session.train({ ...recipe, full: { freeze: [pattern] } }, () => {});
  await expect(freeze("*embed_token")).rejects.toMatchObject({
    code: "recipe/invalid",
    hint: expect.stringContaining("model.embed_tokens.weight"),
  });
  await expect(freeze("*")).rejects.toThrow("Every weight is frozen");
  await expect(session.train({ ...recipe, trains: "lora", start: "scratch" }, () => {})).rejects.toThrow("random");
  await session.train({ ...recipe, trains: "lora", schedule: { steps: 1 } }, () => {});
  await expect(session.train({ ...recipe, start: "adapter" }, () => {})).rejects.toThrow("no trained weights");
});

test("Muon learns; it keeps one moment of hidden matrices and two of all else; for an adapter it is refused", async () => {
  const wanted = { ...recipe, optimizer: { ...recipe.optimizer, kind: "muon" as const } };
  const { evalLossBefore, evalLossAfter } = await session.train(wanted, () => {});
  expect(evalLossAfter).toBeLessThan((evalLossBefore ?? 0) * 0.9);
  const moments = async (settings: RecipeInput) =>
    (await session.plan(settings)).lines.find(({ name }) => name === "optimizer moments")?.bytes ?? 0;
  const hidden = { train: ["*_proj.weight"] };
  expect((await moments(recipe)) - (await moments(wanted))).toBe((await moments({ ...recipe, full: hidden })) / 2);
  await expect(session.train({ ...wanted, trains: "lora" }, () => {})).rejects.toThrow("Muon is for full training");
});

test("frozen weights are not touched, and cost neither gradient nor optimizer", async () => {
  const everything = await session.plan(recipe);
  const some = { ...recipe, full: { train: ["*.mlp.*"] } };
  const part = await session.plan(some);
  const line = ({ lines }: typeof part, name: string) => lines.find((one) => one.name === name)?.bytes ?? 0;
  expect(line(part, "gradients")).toBeLessThan(line(everything, "gradients"));
  expect(line(everything, "optimizer moments")).toBe(2 * line(everything, "trained weights"));
  const fresh = await openTinySession();
  await fresh.openDataset(jsonRows(rows), some);
  for (const settings of [some, recipe, { ...recipe, optimizer: { kind: "muon" as const } }]) {
    const { memory } = await fresh.train({ ...settings, schedule: { steps: 2 } }, () => {});
    // What the first run left made room for the second; but for slots, which programs of other sizes share.
    expect(memory.peak).toBeLessThanOrEqual(1.01 * memory.forecast);
  }
  await fresh.release();
});
