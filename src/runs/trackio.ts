/**
 * Runs as the files that a static Trackio dashboard reads (Trackio 0.36): metrics and configs as Parquet, a row per step
 * and a column per curve, and the list of runs. Put into a dataset on the Hub they are a dashboard without Python.
 */
import { parquetWriteBuffer } from "hyparquet-writer";
import type { RunRecord } from "@/runs/record";

export interface TrackioFile {
  readonly name: string;
  readonly content: string | ArrayBuffer;
}

/** A row of a table to be; columns that a row lacks are null there. */
type Cells = Readonly<Record<string, string | number | null>>;

export function trackioFiles(runs: readonly RunRecord[], project: string): TrackioFile[] {
  const byAge = [...runs].sort((a, b) => a.createdAt - b.createdAt);
  const metrics = byAge.map(metricRows);
  const list = byAge.map((run, i) => ({
    id: run.id,
    name: run.name,
    created_at: new Date(run.createdAt).toISOString(),
    last_step: run.steps,
    log_count: metrics[i]?.length ?? 0,
  }));
  const none = [{ id: null, timestamp: null, run_name: null, run_id: null }];
  return [
    { name: "metrics.parquet", content: parquet(metrics.flat()) },
    { name: "aux/configs.parquet", content: parquet(byAge.map(configRow)) },
    { name: "aux/system_metrics.parquet", content: parquet(none) },
    { name: "aux/traces.parquet", content: parquet(none) },
    { name: "runs.json", content: `${JSON.stringify(list)}\n` },
    { name: "settings.json", content: "{}\n" },
    { name: "config.json", content: `${JSON.stringify({ mode: "static", project, private: true })}\n` },
  ];
}

function metricRows({ id, name, createdAt, seconds, steps, series }: RunRecord): Cells[] {
  const rows = new Map<number, Record<string, number | null>>();
  for (const [curve, points] of Object.entries(series)) {
    points.steps.forEach((step, i) => {
      const row = rows.get(step) ?? {};
      row[trackioName(curve)] = points.values[i] ?? null;
      rows.set(step, row);
    });
  }
  const pace = (1000 * seconds) / Math.max(1, steps);
  return [...rows].map(([step, values]) => ({
    timestamp: new Date(createdAt + step * pace).toISOString(),
    run_name: name,
    run_id: id,
    step,
    ...values,
  }));
}

/** "loss" → "train/loss", "eval_loss" → "eval/loss": the names under which TRL logs them. */
function trackioName(curve: string): string {
  return curve.startsWith("eval_") ? `eval/${curve.slice("eval_".length)}` : `train/${curve}`;
}

function configRow({ id, name, createdAt, recipe, model, data, engine }: RunRecord): Cells {
  const { lora, optimizer, schedule, batch, method, seed } = recipe;
  return {
    run_name: name,
    run_id: id,
    created_at: new Date(createdAt).toISOString(),
    ...{ model: model.source, data: data.source, engine, method, seed },
    ...{ rank: lora.rank, alpha: lora.alpha, learning_rate: optimizer.learningRate },
    ...{ schedule: schedule.kind, steps: schedule.steps, batch_size: batch.size, accumulate: batch.accumulate },
  };
}

function parquet(rows: readonly Cells[]): ArrayBuffer {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return parquetWriteBuffer({
    columnData: names.map((name) => {
      const data = rows.map((row) => row[name] ?? null);
      const text = data.some((cell) => typeof cell === "string") || data.every((cell) => cell === null);
      const whole = name === "step" || name === "last_step";
      return { name, data, type: text ? "STRING" : whole ? "INT32" : "DOUBLE", nullable: true };
    }),
  });
}
