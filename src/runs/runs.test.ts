import { describe, expect, it } from "vitest";
import { curvesCsv } from "@/runs/csv";
import { addPoint, cutCurves, thin } from "@/runs/curves";
import { diffRuns } from "@/runs/diff";
import { bestCheckpoint, newRunId, parseRecord, RunId } from "@/runs/record";
import { summaryOf } from "@/runs/summary";
import { testRecord } from "@/runs/test-record";
import { treeOf } from "@/runs/tree";
import { parseRecipe } from "@/train/recipe";

describe("a record", () => {
  it("survives JSON, and a stranger's object is refused with the field", () => {
    const record = testRecord();
    expect(parseRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
    expect(() =>
      parseRecord({ ...record, checkpoints: [{ step: 1, file: "../x", bytes: 1, sha256: "", evalLoss: null }] }),
    ).toThrow("checkpoints.0.file");
  });

  it("has an id that is a file name, whatever the data is called", () => {
    const id = newRunId("files:../Größe & Co.jsonl", Date.UTC(2026, 10, 21, 10, 45, 12), 0x3f9a);
    expect(id).toBe("gr-e-co-jsonl-20261121-104512-3f9a");
    expect(RunId.parse?.(id) ?? id).toBe(id);
  });

  it("has a best checkpoint by held-out loss, else the last", () => {
    const point = (step: number, evalLoss: number | null, passRate: number | null = null) => ({
      step,
      file: "a.safetensors",
      bytes: 1,
      sha256: "",
      evalLoss,
      passRate,
    });
    expect(bestCheckpoint({ checkpoints: [point(1, 2), point(2, 1), point(3, 1.5)] })?.step).toBe(2);
    expect(bestCheckpoint({ checkpoints: [point(1, null), point(2, null)] })?.step).toBe(2);
    expect(bestCheckpoint({ checkpoints: [point(1, 1, 0.5), point(2, 2, 0.7), point(3, 1, 0.7)] })?.step).toBe(3);
    expect(bestCheckpoint({ checkpoints: [] })).toBeUndefined();
    const byAnswers = [point(1, 1, 0.9), point(2, 0.5, 0.7)];
    expect(summaryOf(testRecord({ checkpoints: byAnswers })).best).toBe(1);
  });
});

describe("curves", () => {
  it("are cut behind a step, and keep gaps", () => {
    const curves = {};
    for (const [step, value] of [
      [1, 3],
      [2, Number.NaN],
      [3, 1],
    ] as const)
      addPoint(curves, "loss", step, value);
    expect(cutCurves(curves, 2)).toEqual({ loss: { steps: [1, 2], values: [3, null] } });
    expect(cutCurves(curves, 9)).toEqual(curves);
  });

  it("are thinned to means", () => {
    const values = Array.from({ length: 100 }, (_, i) => i);
    const few = thin({ steps: values, values }, 10);
    expect(few).toHaveLength(10);
    expect(few[0]).toBeCloseTo(4.5);
    expect(few[9]).toBeCloseTo(94.5);
  });

  it("become one table", () => {
    expect(curvesCsv(testRecord())).toBe("step,loss,eval_loss\n1,3,\n2,2,2.5\n");
  });
});

it("two runs differ by exactly what differs", () => {
  const other = testRecord({ recipe: parseRecipe({ optimizer: { learningRate: 1e-3 } }), engine: "webgpu" });
  expect(diffRuns(testRecord(), other)).toEqual([
    { field: "optimizer.learningRate", a: "0.0002", b: "0.001" },
    { field: "engine", a: "cpu", b: "webgpu" },
  ]);
  expect(diffRuns(other, other)).toEqual([]);
});

it("forks stand below what they came from, also when it was deleted", () => {
  const run = (id: string, createdAt: number, from?: string) =>
    testRecord({ id, createdAt, parent: from ? { run: from, step: 1 } : null });
  const runs = [run("old", 1), run("new", 4), run("fork", 2, "old"), run("deep", 3, "fork"), run("lost", 5, "gone")];
  expect(treeOf(runs).map(({ run, depth }) => `${depth} ${run.id}`)).toEqual([
    "0 lost",
    "0 new",
    "0 old",
    "1 fork",
    "2 deep",
  ]);
});
