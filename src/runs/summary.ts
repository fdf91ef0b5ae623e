/** A run in a line of a list: small enough that hundreds cross the worker border at once. */
import { lastValue, thin } from "@/runs/curves";
import { bestCheckpoint, type RunRecord, type RunStatus } from "@/runs/record";

export interface RunSummary {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  readonly createdAt: number;
  readonly status: RunStatus;
  readonly method: string;
  readonly model: string;
  readonly data: string;
  readonly steps: number;
  readonly totalSteps: number;
  readonly seconds: number;
  readonly loss: number | null;
  readonly evalLoss: number | null;
  /** The loss curve in at most 60 points. */
  readonly spark: readonly number[];
  readonly checkpoints: readonly { readonly step: number; readonly evalLoss: number | null }[];
  /** The step of the best of them, by what the run goes by. */
  readonly best: number | null;
  /** Of its checkpoints. */
  readonly bytes: number;
  readonly parent: RunRecord["parent"];
  readonly verdict: string | null;
}

const SPARK_POINTS = 60;

export function summaryOf(record: RunRecord): RunSummary {
  const { id, name, notes, createdAt, status, recipe, model, data, steps, seconds, series, parent, verdict } = record;
  return {
    ...{ id, name, notes, createdAt, status, steps, seconds, parent, verdict },
    method: recipe.method,
    model: model.name,
    data: data.name,
    totalSteps: recipe.schedule.steps,
    loss: lastValue(series.loss),
    evalLoss: lastValue(series.eval_loss),
    spark: series.loss ? thin(series.loss, SPARK_POINTS) : [],
    checkpoints: record.checkpoints.map(({ step, evalLoss }) => ({ step, evalLoss })),
    best: bestCheckpoint(record)?.step ?? null,
    bytes: record.checkpoints.reduce((sum, point) => sum + point.bytes, 0),
  };
}
