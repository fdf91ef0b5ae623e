/** A result as a kept run: the same record, curves, samples and verdict as one that was trained here. */
import { addPoint } from "@/runs/curves";
import { newRunId, type RunRecord } from "@/runs/record";
import type { HomeResult } from "./bring-home";
import type { KeptJob } from "./kept-jobs";
import { whereWeights } from "./weights-home";

export interface Origin {
  readonly id: string;
  readonly flavor: string;
  readonly spentDollars: number | null;
  /** What is known here of the job, where it was submitted from here. */
  readonly kept?: Pick<KeptJob, "data" | "name"> | undefined;
}

const SAMPLES = 5;

/** Without its checkpoint, which the store adds. Fingerprints are empty: whoever opens it goes by the model's name. */
export function runOfJob(home: HomeResult, origin: Origin | null, now: number, salt: number): RunRecord {
  const { result, place } = home;
  const { recipe, base, evaluation, seconds, steps, status, notes, device, versions } = result;
  const name = origin?.kept?.name ?? result.name;
  const dataName = origin?.kept?.data.name ?? recipe.data.train;
  const cases = evaluation?.cases ?? [];
  const samples = cases.slice(0, SAMPLES).map(({ prompt, tuned }) => ({ prompt, text: tuned }));
  const done = status === "done";
  const where = whereWeights(result, place);
  const told = [
    ...notes,
    ...(where === null ? [] : [where]),
    ...(done ? [] : ["The job was stopped before its last step."]),
  ];
  return {
    version: 1,
    id: newRunId(name, now, salt),
    ...{ name, notes: "", createdAt: now, updatedAt: now, status: done ? "done" : "stopped", recipe },
    model: { source: base.name.includes("/") ? `hf:${base.name}` : base.name, name: base.name, fingerprint: "" },
    data: {
      ...{ source: recipe.data.train, name: dataName, fingerprint: "" },
      trainRows: result.data?.trainRows ?? origin?.kept?.data.trainRows ?? 0,
      evalRows: result.data?.evalRows ?? origin?.kept?.data.evalRows ?? evaluation?.n ?? 0,
    },
    engine: device === "cpu" ? "TRL on a CPU elsewhere" : `TRL on ${device}`,
    software: Object.entries(versions)
      .map((pair) => pair.join(" "))
      .join(", "),
    ...{ parent: null, seconds: seconds.training, steps, series: curvesOf(home) },
    samples: samples.length > 0 ? [{ step: steps, samples }] : [],
    events: told.map((message) => ({ step: steps, message })),
    ...{ checkpoints: [], verdict: evaluation?.sentence ?? null },
    job: { id: origin?.id ?? "", flavor: origin?.flavor ?? "", spentDollars: origin?.spentDollars ?? null, place },
  };
}

/** All that was logged; a run that was resumed says some steps twice, and the later ones count. */
function curvesOf({ result, events }: Pick<HomeResult, "result" | "events">): RunRecord["series"] {
  const series: RunRecord["series"] = {};
  const points = new Map<string, Map<number, number>>();
  const add = (name: string, step: number, value: number | null) => {
    const curve = points.get(name) ?? new Map<number, number>();
    points.set(name, curve.set(step, value ?? Number.NaN));
  };
  for (const { step, loss } of result.losses) add("loss", step, loss);
  for (const { step, loss } of result.evals) add("eval_loss", step, loss);
  for (const event of events) {
    if (event.type !== "step" && event.type !== "eval") continue;
    for (const [name, value] of Object.entries(event.values))
      if (event.step <= result.steps) add(name, event.step, value);
  }
  for (const [name, curve] of points) {
    for (const [step, value] of [...curve].sort(([a], [b]) => a - b)) addPoint(series, name, step, value);
  }
  return series;
}
