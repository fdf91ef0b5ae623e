/** A run that is cut and resumed has the numbers of one that never was: every loss, and every bit of the adapter. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Session } from "@/session/contract";
import { adapterHash, jsonRows, openTinySession, watch } from "@/session/tiny-session";
import type { RecipeInput } from "@/train/recipe";

const POINTS = 20;
const STEPS = 21;

const rows = Array.from({ length: 17 }, (_, i) => ({ prompt: `${i} and `, completion: `${i * 7} is it.` }));
const data = jsonRows(rows);
const recipe: RecipeInput = {
  data: { holdout: 0, maxLength: 64 },
  lora: { rank: 4, alpha: 8 },
  optimizer: { learningRate: 5e-3 },
  schedule: { kind: "cosine", warmup: 3, steps: STEPS },
  batch: { size: 3, accumulate: 2 },
  keep: { every: 1 },
};

let session: Session;
beforeAll(async () => {
  session = await openTinySession();
});
afterAll(() => session.release());

/** Losses and the hash of a run from the same adapter, the one of `base` or a new one. */
async function untouched(settings: RecipeInput, base?: string) {
  if (base) await session.openRun(base, "last");
  const whole = watch(session);
  await session.train(settings, whole.onEvent);
  return { losses: whole.losses, hash: await adapterHash(session) };
}

/** Stops after `point`, does something else in between, so that nothing left on the device can help, and goes on. */
async function cutAndResumed(settings: RecipeInput, point: number, base?: string) {
  if (base) await session.openRun(base, "last");
  const before = watch(session, point);
  const cut = await session.train(settings, before.onEvent);
  expect(cut.stopped).toBe(true);
  expect(cut.steps).toBeGreaterThanOrEqual(point);
  if (point <= 2) await session.train({ ...settings, start: "new", seed: 7, schedule: { steps: 2 } }, () => {});
  const after = watch(session);
  await session.resumeRun(cut.run ?? "", after.onEvent);
  return { before: before.losses, after: after.losses, hash: await adapterHash(session) };
}

async function expectExact(settings: RecipeInput, points: readonly number[], base?: string) {
  const whole = await untouched(settings, base);
  expect(new Set(whole.losses.values()).size).toBeGreaterThan(points.length);
  for (const point of points) {
    const { before, after, hash } = await cutAndResumed(settings, point, base);
    for (const [step, loss] of [...before, ...after]) expect([step, loss]).toEqual([step, whole.losses.get(step)]);
    expect(new Set([...before.keys(), ...after.keys()])).toEqual(new Set(whole.losses.keys()));
    expect(hash).toBe(whole.hash);
  }
  return whole;
}

describe("by example", () => {
  beforeAll(() => session.openDataset(data, recipe).then(() => {}));

  test(`cut at each of ${POINTS} points, resumed, and equal to the last bit`, async () => {
    const { losses } = await expectExact(
      recipe,
      Array.from({ length: POINTS }, (_, i) => i + 1),
    );
    expect(losses.size).toBe(STEPS);
  });

  test("so with dropout, and with LoRA+", async () => {
    await expectExact({ ...recipe, lora: { rank: 4, alpha: 8, dropout: 0.25, plusRatio: 4 } }, [1, 5]);
  });

  test("so with DoRA, whose rows are measured anew", async () => {
    await expectExact({ ...recipe, lora: { rank: 4, alpha: 8, useDora: true } }, [1, 5]);
  });

  test("so with moments of eight bits, of two stretches", async () => {
    await expectExact({ ...recipe, lora: { rank: 4, alpha: 8, plusRatio: 4 }, optimizer: { kind: "adamw8" } }, [1, 5]);
  });

  test("so with SGD, whose momentum is kept", async () => {
    await expectExact({ ...recipe, optimizer: { kind: "sgd", learningRate: 0.2 } }, [1, 5]);
  });

  test("so with DFT's weights, one row at a time", async () => {
    await expectExact({ ...recipe, sft: { lossType: "dft" }, batch: { size: 1, accumulate: 1 } }, [1, 2]);
  });
});

describe("by preference", () => {
  const preference = { ...recipe, method: "dpo" as const, schedule: { ...recipe.schedule, steps: 8 } };
  const pairs = rows.map(({ prompt, completion }) => ({ prompt, chosen: completion, rejected: "No, never." }));
  beforeAll(() => session.openDataset(jsonRows(pairs), preference).then(() => {}));

  test("against the base model", () => expectExact(preference, [1, 4, 7]).then(() => {}));

  test("against the adapter that the run started from, which is kept with it", async () => {
    const { run } = await session.train({ ...preference, seed: 3, schedule: { steps: 3 } }, () => {});
    const settings = { ...preference, start: "adapter" as const, dpo: { precomputeReference: true } };
    const { losses } = await expectExact(settings, [1, 5], run ?? "");
    expect(losses.get(1)).toBeCloseTo(Math.log(2), 5);
  });
});

describe("by reward", () => {
  const reward = {
    ...recipe,
    method: "grpo" as const,
    schedule: { ...recipe.schedule, steps: 8 },
    batch: { size: 2, accumulate: 2 },
    grpo: {
      numGenerations: 4,
      maxCompletionLength: 8,
      rewards: [{ name: "regex" as const, pattern: "[aeiou] ?[a-z]" }],
    },
  };
  beforeAll(() => session.openDataset(jsonRows(rows.map(({ prompt }) => ({ prompt }))), reward).then(() => {}));

  test("each step with answers of its own", () => expectExact(reward, [1, 4, 7]).then(() => {}));

  test("two steps from one sampling: a cut between them goes on from the sampling", async () => {
    const settings = { ...reward, grpo: { ...reward.grpo, numIterations: 2, beta: 0.05 } };
    await expectExact(settings, [1, 4, 5]);
    const cut = await session.train(settings, watch(session, 3).onEvent);
    const { checkpoints } = await session.readRun(cut.run ?? "");
    expect(checkpoints.length).toBeGreaterThan(0);
    for (const { step } of checkpoints) expect(step % 2).toBe(0);
  });

  test("near the adapter that the run started from", async () => {
    const { run } = await session.train({ ...reward, seed: 3, schedule: { steps: 2 } }, () => {});
    const settings = { ...reward, start: "adapter" as const, grpo: { ...reward.grpo, beta: 0.1 } };
    await expectExact(settings, [1, 3], run ?? "");
  });
});

test("a run is kept, opened again at its best, and forked with one change", async () => {
  const held = { ...recipe, data: { ...recipe.data, holdout: 0.3 }, evaluate: { every: 5 }, keep: { every: 0 } };
  await session.openDataset(data, held);
  const { run } = await session.train(held, () => {});
  const record = await session.readRun(run ?? "");
  expect(record).toMatchObject({ status: "done", steps: STEPS, model: { name: "tiny" } });
  expect(record.series.loss?.values).toHaveLength(STEPS);
  expect(record.series.eval_loss?.steps).toEqual([0, 5, 10, 15, 20, 21]);
  expect(record.checkpoints.map(({ step }) => step)).toContain(STEPS);
  const best = record.checkpoints.reduce((a, b) => ((a.evalLoss ?? 9) <= (b.evalLoss ?? 9) ? a : b));
  expect((await session.openRun(record.id, "best")).step).toBe(best.step);

  const forked = await session.forkRun(
    record.id,
    "last",
    { schedule: { ...held.schedule, steps: STEPS + 4 } },
    () => {},
  );
  const child = await session.readRun(forked.run ?? "");
  expect(child.parent).toEqual({ run: record.id, step: STEPS });
  expect(child.series.loss?.steps).toEqual([22, 23, 24, 25]);
  expect(await session.diffRuns(record.id, child.id)).toEqual([{ field: "schedule.steps", a: "21", b: "25" }]);
  await expect(session.forkRun(record.id, "last", { lora: { rank: 8 } }, () => {})).rejects.toThrow(
    "keeps the adapter",
  );
  await expect(session.resumeRun(record.id, () => {})).rejects.toThrow("has done all of its steps");
});

test("another model or other data is told, and nothing is trained", async () => {
  await session.openDataset(data, recipe);
  const { run } = await session.train({ ...recipe, schedule: { steps: 4 } }, watch(session, 1).onEvent);
  await session.openDataset(jsonRows([{ prompt: "a", completion: "b" }]), recipe);
  await expect(session.resumeRun(run ?? "", () => {})).rejects.toThrow("that data is not open as it was");
});
