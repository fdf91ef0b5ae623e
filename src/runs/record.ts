/**
 * What is kept of a run: its recipe, what it ran on, every curve, its samples and warnings, and where its checkpoints
 * lie. One JSON object, saved again as the run goes on; the numbers of a curve are two lists, so that thousands of steps
 * stay small. Records come back from storage and from strangers' bundles, so reading goes through zod.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { parseRecipe, Recipe } from "@/train/recipe";

/** Curves are named as Trackio and TRL name them: loss, eval_loss, grad_norm, learning_rate, rewards/margins … */
export const Series = z.object({ steps: z.array(z.number()), values: z.array(z.nullable(z.number())) });
export type Series = z.infer<typeof Series>;

const Named = z.object({
  /** "bundled:ember", "hf:owner/name", or "files:NAME" for what a person opened from disk. */
  source: z.string(),
  name: z.string(),
  /** Equal fingerprints mean equal training: shapes and sizes of a model, token ids and labels of a dataset. */
  fingerprint: z.string(),
});

export const Checkpoint = z.object({
  step: z.int().check(z.nonnegative()),
  file: z.string().check(z.regex(/^[\w-]+\.safetensors$/)),
  bytes: z.int().check(z.nonnegative()),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  evalLoss: z.nullable(z.number()),
  /** Share of held-out answers that were right, where the run measures it. */
  passRate: z._default(z.nullable(z.number()), null),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

export const STATUSES = ["running", "done", "stopped", "failed", "interrupted"] as const;
export const RunStatus = z.enum(STATUSES);
export type RunStatus = z.infer<typeof RunStatus>;

export const RunId = z.string().check(z.regex(/^[0-9a-z][0-9a-z-]{3,80}$/));

const LONGEST_NOTE = 10_000;

export const RunRecord = z.object({
  version: z.literal(1),
  id: RunId,
  name: z.string().check(z.maxLength(200)),
  notes: z.string().check(z.maxLength(LONGEST_NOTE)),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  updatedAt: z.number(),
  status: RunStatus,
  recipe: Recipe,
  model: Named,
  data: z.extend(Named, { trainRows: z.number(), evalRows: z.number() }),
  /** "cpu: WASM, 2 threads", and the version of Burnish. */
  engine: z.string(),
  software: z.string(),
  /** Where it was forked from. */
  parent: z.nullable(z.object({ run: RunId, step: z.number() })),
  seconds: z.number(),
  /** Steps done. */
  steps: z.number(),
  series: z.record(z.string(), Series),
  samples: z.array(
    z.object({ step: z.number(), samples: z.array(z.object({ prompt: z.string(), text: z.string() })) }),
  ),
  /** What happened besides steps: warnings, pauses, resumes, the failure. */
  events: z.array(z.object({ step: z.number(), message: z.string() })),
  checkpoints: z.array(Checkpoint),
  /** The comparison with the base, in one sentence, when one was made. */
  verdict: z.nullable(z.string()),
  /** Of a run that was made elsewhere: the job, what it ran on, and what that cost. */
  job: z.optional(
    z.object({ id: z.string(), flavor: z.string(), spentDollars: z.nullable(z.number()), place: z.string() }),
  ),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** Throws AppError "storage/failed" when the object is no record of this version. */
export function parseRecord(value: unknown): RunRecord {
  const result = z.safeParse(RunRecord, value);
  if (result.success) return { ...result.data, recipe: parseRecipe(result.data.recipe) };
  const [issue] = result.error.issues;
  throw new AppError("storage/failed", `This is no record of a run: ${issue?.path.join(".")}: ${issue?.message}.`, {
    hint: "It may come from another version of Burnish.",
  });
}

/** "commands-20261121-104512-3f9a": sorts by dataset and time, and is a file name everywhere. */
export function newRunId(data: string, now: number, salt: number): string {
  const name = data
    .replace(/^.*[:/]/, "")
    .toLowerCase()
    .replace(/[^0-9a-z]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 30);
  const time = new Date(now).toISOString().replace(/\..*$/, "").replace(/[-:]/g, "").replace("T", "-");
  return `${name || "run"}-${time}-${(salt % 65536).toString(16).padStart(4, "0")}`;
}

export interface Measured {
  readonly evalLoss: number | null;
  readonly passRate: number | null;
}

/** More right answers first, where they were counted; then the lower held-out loss. Equal ones keep the older. */
export function isBetter(a: Measured, b: Measured): boolean {
  if (a.passRate !== null && b.passRate !== null && a.passRate !== b.passRate) return a.passRate > b.passRate;
  return (a.evalLoss ?? Number.POSITIVE_INFINITY) < (b.evalLoss ?? Number.POSITIVE_INFINITY);
}

/** The last one where none was measured. */
export function bestCheckpoint({ checkpoints }: Pick<RunRecord, "checkpoints">): Checkpoint | undefined {
  const measured = checkpoints.filter(({ evalLoss, passRate }) => evalLoss !== null || passRate !== null);
  if (measured.length === 0) return lastCheckpoint({ checkpoints });
  return measured.reduce((best, point) => (isBetter(point, best) ? point : best));
}

export function lastCheckpoint({ checkpoints }: Pick<RunRecord, "checkpoints">): Checkpoint | undefined {
  return checkpoints.at(-1);
}

/** Best and last stay; every other one may go when a new one comes. */
export function expendable(record: Pick<RunRecord, "checkpoints">): Checkpoint[] {
  const kept = [bestCheckpoint(record), lastCheckpoint(record)];
  return record.checkpoints.filter((point) => !kept.includes(point));
}
