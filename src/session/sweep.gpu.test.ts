/** Looking for settings on a tiny model: the range test leaves no trace, and a sweep ends with its best run open. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SweepRow } from "@/runs/sweep";
import type { Session } from "@/session/contract";
import { jsonRows, openTinySession } from "@/session/tiny-session";
import type { RecipeInput } from "@/train/recipe";

const rows = Array.from({ length: 24 }, (_, i) => ({ prompt: `${i} and `, completion: `${i} it is.` }));
const recipe: RecipeInput = {
  data: { holdout: 0.25, maxLength: 64, accept: ["near-duplicates", "imbalance", "leakage", "too-few-rows"] },
  lora: { rank: 4, alpha: 8 },
  schedule: { kind: "constant", steps: 18 },
  batch: { size: 4 },
};

let session: Session;
beforeAll(async () => {
  session = await openTinySession();
  await session.openDataset(jsonRows(rows), recipe);
});
afterAll(() => session.release());

test("the range test finds a rate on the slope and leaves the adapter as it was", async () => {
  await session.train({ ...recipe, schedule: { steps: 2 } }, () => {});
  const adapter = async () => (await session.exportAdapter())[0]?.blob.arrayBuffer();
  const before = await adapter();
  const runs = (await session.listRuns()).length;
  let seen = 0;
  const reading = await session.findRate(recipe, () => seen++);
  expect(seen).toBe(reading.points.length);
  expect(reading.suggested).toBeGreaterThan(1e-4);
  expect(reading.suggested).toBeLessThan(0.3);
  expect(await adapter()).toEqual(before);
  expect(await session.listRuns()).toHaveLength(runs);
});

test("successive halving: every setting gets a ninth of the steps, one the whole, and it is the open one", async () => {
  const rates = [1e-5, 1e-4, 1e-3, 3e-2];
  const seen: (readonly SweepRow[])[] = [];
  const plan = { grid: { "optimizer.learningRate": rates }, strategy: "halving" as const };
  const rows = await session.sweep(plan, recipe, (now) => seen.push(now));
  expect(rows.map(({ state }) => state)).toEqual(["done", "done", "done", "done"]);
  expect(rows.map(({ steps }) => steps).sort((a, b) => a - b)).toEqual([2, 2, 6, 18]);
  const best = rows.find(({ steps }) => steps === 18);
  const other = rows.filter((row) => row !== best && row.steps === 6);
  expect(best?.evalLoss).not.toBeNull();
  expect(other).toHaveLength(1);
  const kept = await session.readRun(best?.run ?? "");
  expect(kept.status).toBe("done");
  expect(kept.series.loss?.steps).toHaveLength(18);
  const [file] = await session.exportAdapter();
  await session.openRun(kept.id, "last");
  const [same] = await session.exportAdapter();
  expect(await file?.blob.arrayBuffer()).toEqual(await same?.blob.arrayBuffer());
  expect(seen.length).toBeGreaterThan(8);
});
