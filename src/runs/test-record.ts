/** A record for tests, whole and small. */
import type { RunRecord } from "@/runs/record";
import { parseRecipe } from "@/train/recipe";

export function testRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    version: 1,
    id: "test",
    name: "A test",
    notes: "",
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_000,
    status: "done",
    recipe: parseRecipe({}),
    model: { source: "bundled:ember", name: "ember", fingerprint: "m" },
    data: { source: "bundled:commands", name: "commands", fingerprint: "d", trainRows: 10, evalRows: 2 },
    engine: "cpu",
    software: "0.1.0",
    parent: null,
    seconds: 1,
    steps: 2,
    series: { loss: { steps: [1, 2], values: [3, 2] }, eval_loss: { steps: [2], values: [2.5] } },
    samples: [],
    events: [],
    checkpoints: [],
    verdict: null,
    ...changes,
  };
}
