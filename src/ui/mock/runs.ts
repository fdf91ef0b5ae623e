/** Runs for the mock session: curves that fall, forks, one that was interrupted. */

import { rateLadder, readRange } from "@/explain/rate-range";
import { diffRuns } from "@/runs/diff";
import type { RunRecord, RunStatus } from "@/runs/record";
import { summaryOf } from "@/runs/summary";
import { SweepPlan, type SweepRow, trialsOf } from "@/runs/sweep";
import { parseRecipe } from "@/train/recipe";
import type { RunsApi, SweepApi } from "@/worker/api/runs";

export function mockRuns(): RunsApi & SweepApi {
  const runs = new Map(
    [
      run("commands-20261121-101500-3f9a", "done", 2e-3, 60, null),
      run("commands-20261121-102200-77c1", "done", 6e-3, 60, { run: "commands-20261121-101500-3f9a", step: 20 }),
      run("feelings-20261121-103000-0b12", "interrupted", 1e-3, 23, null),
      run("my-tickets-20261120-181000-9d4e", "failed", 5e-2, 12, null),
    ].map((record) => [record.id, record]),
  );
  const get = async (id: string) => runs.get(id) as RunRecord;
  const file = (name: string) => ({ name, blob: new Blob([new Uint8Array(1000)]) });
  return {
    listRuns: async () => [...runs.values()].map(summaryOf),
    readRun: get,
    annotateRun: async (id, changes) => void runs.set(id, { ...(await get(id)), ...changes }),
    deleteRun: async (id) => void runs.delete(id),
    diffRuns: async (a, b) => diffRuns(await get(a), await get(b)),
    exportRun: async (id) => file(`${id}.zip`),
    importRun: async () => "commands-20261121-101500-3f9a",
    openRun: async () => ({ kind: "lora", rank: 8, alpha: 16, step: 60 }),
    resumeRun: async () => Promise.reject(new Error("not in the mock")),
    forkRun: async () => Promise.reject(new Error("not in the mock")),
    findRate: async (_, onPoint) => {
      const points = rateLadder(1e-6, 1, 60).map((rate) => ({
        rate,
        loss:
          3 - 2.4 / (1 + (2e-3 / rate) ** 1.4) + (rate > 0.05 ? 9 * (rate - 0.05) : 0) + 0.04 * Math.sin(rate * 9e4),
      }));
      for (const point of points) onPoint(point, points.length);
      return { ...readRange(points), points };
    },
    sweep: async (plan, recipe, onRows) => {
      const rows = trialsOf(SweepPlan.parse(plan), parseRecipe(recipe)).map(({ changes }, i): SweepRow => {
        const evalLoss = 0.4 + ((i * 7) % 5) / 6;
        return {
          changes,
          state: i === 4 ? "failed" : "done",
          run: null,
          steps: 60,
          loss: evalLoss - 0.1,
          evalLoss,
          seconds: 12,
        };
      });
      onRows(rows);
      return rows;
    },
    exportTrackio: async (_, project) => file(`${project}-trackio.zip`),
  };
}

function run(id: string, status: RunStatus, rate: number, steps: number, parent: RunRecord["parent"]): RunRecord {
  const name = id.replace(/-\d{8}.*$/, "");
  const at = Array.from({ length: steps }, (_, i) => i + 1);
  const curve = (end: number) => at.map((t) => end + (3 - end) * Math.exp(-t * rate * 60) + 0.1 * Math.sin(t * 1.7));
  const evals = at.filter((t) => t % 10 === 0 || t === steps);
  const point = (step: number) => ({
    step,
    file: `${id}.safetensors`,
    bytes: 1_237_000,
    sha256: "",
    evalLoss: 0.5 + 5 / step,
    passRate: null,
  });
  return {
    ...{ version: 1 as const, id, name, notes: "", status, steps, parent, verdict: null },
    createdAt: Date.UTC(2026, 10, 21, 10, Number(id.at(-1)?.charCodeAt(0)) % 60),
    updatedAt: Date.UTC(2026, 10, 21, 11),
    recipe: parseRecipe({ optimizer: { learningRate: rate }, schedule: { steps: 60 } }),
    model: { source: "bundled:ember", name: "ember", fingerprint: "m" },
    data: { source: `bundled:${name}`, name, fingerprint: name, trainRows: 400, evalRows: 96 },
    ...{ engine: "cpu: 2 threads", software: "0.1.0", seconds: steps * 0.2 },
    series: {
      loss: { steps: at, values: curve(0.3) },
      learning_rate: { steps: at, values: at.map((t) => rate * (1 - t / 60)) },
      eval_loss: { steps: evals, values: evals.map((t) => 0.5 + 5 / t) },
    },
    samples: [],
    events: status === "failed" ? [{ step: 12, message: "At step 12 the loss was no longer a number." }] : [],
    checkpoints: steps > 20 ? [point(20), point(steps)] : [],
  };
}
