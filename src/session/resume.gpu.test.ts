/** A run that is cut and resumed has the numbers of one that never was: every loss, and every bit of the adapter. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseTarget } from "@/session/choose-target";
import type { Session } from "@/session/contract";
import { createSession } from "@/session/session";
import { memoryLocks } from "@/storage/locks";
import { memoryFiles } from "@/storage/memory-files";
import { memoryRecords } from "@/storage/records";
import type { RecipeInput } from "@/train/recipe";
import { sha256Hex } from "@/util/sha256";
import type { RunEvent } from "@/worker/api";

const FOLDER = "e2e/fixtures/llama-gqa";
const POINTS = 20;
const STEPS = 21;

const rows = Array.from({ length: 17 }, (_, i) => ({ prompt: `${i} and `, completion: `${i * 7} is it.` }));
const named = (name: string, text: string) => ({ name, blob: new Blob([text]) });
const data = {
  kind: "files" as const,
  name: "rows.jsonl",
  train: named("rows.jsonl", rows.map((row) => JSON.stringify(row)).join("\n")),
};
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
  const home = { records: memoryRecords(), files: memoryFiles(), locks: memoryLocks() };
  const unused = async () => Promise.reject(new Error("not needed"));
  session = createSession({
    openTarget: () => chooseTarget("cpu", undefined),
    runs: async () => home,
    bundled: unused,
    onnxruntime: unused,
    files: async () => memoryFiles(),
    exports: { folder: async () => memoryFiles(), room: async () => null },
    hub: { endpoint: "http://127.0.0.1:1" },
  });
  const files = readdirSync(FOLDER)
    .filter((name) => /^(config|tokenizer.*|model)\.(json|safetensors)$/.test(name))
    .map((name) => ({ name, blob: new Blob([readFileSync(join(FOLDER, name))]) }));
  await session.openModel({ kind: "files", name: "tiny", files }, () => {});
  await session.openDataset(data, recipe);
});
afterAll(() => session.release());

const adapterHash = async () => {
  const [file] = await session.exportAdapter();
  return sha256Hex(new Uint8Array(await (file?.blob ?? new Blob()).arrayBuffer()));
};

/** Losses by step; stops after `stopAt`. */
function watch(stopAt = Number.POSITIVE_INFINITY) {
  const losses = new Map<number, number>();
  const onEvent = (events: readonly RunEvent[]) => {
    for (const event of events) {
      if (event.type !== "step") continue;
      losses.set(event.step, event.loss);
      if (event.step >= stopAt) void session.stop();
    }
  };
  return { losses, onEvent };
}

describe.each([
  ["plain", recipe],
  ["DFT on one row at a time", { ...recipe, sft: { lossType: "dft" as const }, batch: { size: 1, accumulate: 1 } }],
])("%s", (_, settings) => {
  test(`cut at each of ${POINTS} points, resumed, and equal to the last bit`, async () => {
    const whole = watch();
    await session.train(settings, whole.onEvent);
    const hash = await adapterHash();
    expect(whole.losses.size).toBe(STEPS);
    const points = settings === recipe ? POINTS : 2;
    for (let point = 1; point <= points; point++) {
      const before = watch(point);
      const cut = await session.train(settings, before.onEvent);
      expect(cut.stopped).toBe(true);
      expect(cut.steps).toBeGreaterThanOrEqual(point);
      // Something else in between, so that nothing left on the device can help.
      if (point === 1) await session.train({ ...settings, seed: 7, schedule: { steps: 2 } }, () => {});
      const after = watch();
      const resumed = await session.resumeRun(cut.run ?? "", after.onEvent);
      expect(resumed.steps).toBe(STEPS);
      for (const [step, loss] of [...before.losses, ...after.losses]) expect(loss).toBe(whole.losses.get(step));
      expect(new Set([...before.losses.keys(), ...after.losses.keys()]).size).toBe(STEPS);
      expect(await adapterHash()).toBe(hash);
    }
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
  const { run } = await session.train({ ...recipe, schedule: { steps: 4 } }, watch(1).onEvent);
  const other = { ...data, train: named("rows.jsonl", '{"prompt": "a", "completion": "b"}') };
  await session.openDataset(other, recipe);
  await expect(session.resumeRun(run ?? "", () => {})).rejects.toThrow("that data is not open as it was");
});
