import { beforeEach, expect, test, vi } from "vitest";
import type { PageSession } from "@/worker/client";

vi.stubGlobal("location", { hash: "", origin: "http://localhost", href: "http://localhost/" });
vi.stubGlobal("history", { replaceState: () => {} });

const { useSession } = await import("@/ui/state/core");
const { goOnGently } = await import("@/ui/state/go-on");
const { draft, setField } = await import("@/ui/state/recipe");
const { parseRecipe } = await import("@/train/recipe");

const trained: unknown[] = [];
const forked: unknown[] = [];
const record = {
  ...{ id: "run-1", series: {}, samples: [], checkpoints: [{ step: 10 }] },
  recipe: parseRecipe({ optimizer: { learningRate: 0.03 }, schedule: { steps: 40 } }),
  model: { source: "files:mine" },
  data: { source: "files:mine.jsonl" },
};

function withRuns(runs: readonly object[]) {
  const asked: Partial<Record<keyof PageSession, unknown>> = {
    listRuns: async () => runs,
    readRun: async () => record,
    train: async (recipe: unknown) => void trained.push(recipe),
    forkRun: async (...args: readonly unknown[]) => void forked.push(args.slice(0, 3)),
  };
  const anything = new Proxy(asked, { get: (all, name) => all[name as keyof PageSession] ?? (async () => undefined) });
  useSession(anything as unknown as PageSession);
}

beforeEach(() => {
  trained.length = 0;
  forked.length = 0;
});

test("a run that failed with a checkpoint is forked from its last good one, with a third of the rate", async () => {
  withRuns([{ id: "run-1", status: "failed", checkpoints: [{ step: 10 }] }]);
  await goOnGently();
  expect(trained).toEqual([]);
  const [id, which, changes] = forked[0] as [string, string, { optimizer: { learningRate: number } }];
  expect([id, which]).toEqual(["run-1", "last"]);
  expect(changes.optimizer.learningRate).toBeCloseTo(0.01);
});

test("without a checkpoint it starts anew, with a third of the rate", async () => {
  withRuns([{ id: "run-1", status: "failed", checkpoints: [] }]);
  setField("optimizer.learningRate", 0.6);
  await goOnGently();
  expect(forked).toEqual([]);
  expect(draft.value.optimizer.learningRate).toBeCloseTo(0.2);
});
