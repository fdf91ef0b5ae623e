/**
 * What a job leaves behind (src/export/python/main.py): `result.json` beside its files, written last, so that a folder without
 * one is a job that did not end. Every file is named with its size and SHA-256. `events.jsonl` has what the log said.
 *
 *   OUT/result.json, OUT/events.jsonl
 *   OUT/adapter/adapter_config.json, adapter_model.safetensors      what comes home
 *   OUT/merged/…, OUT/model-Q4_K_M.gguf, OUT/checkpoints/…          stay where they are until they are wanted
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { Recipe } from "@/train/recipe";
import { plainText } from "@/util/plain-text";
import { withoutNaN } from "./job-log";

export const RESULT_FILE = "result.json";
export const EVENTS_FILE = "events.jsonl";
export const ADAPTER_FILES = ["adapter/adapter_config.json", "adapter/adapter_model.safetensors"] as const;

export const LARGEST_RESULT = 64_000_000;
const count = z.int().check(z.nonnegative());
const text = (length: number) => z.string().check(z.maxLength(length));
const seconds = z.number().check(z.nonnegative());

/** As it may be shown. */
const shown = (length: number) =>
  z.pipe(
    text(length),
    z.transform((said: string) => plainText(said)),
  );

/** Within the folder of the result: no way out of it, nothing hidden. */
const Path = z.string().check(z.maxLength(300), z.regex(/^(?!\/)(?!.*(^|\/)\.)[\w.+@=-]+(\/[\w.+@=-]+)*$/));

const ResultFile = z.object({
  path: Path,
  bytes: count,
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});
export type ResultFile = z.infer<typeof ResultFile>;

const Points = z._default(z.array(z.object({ step: count, loss: z.nullable(z.number()) })), []);

/** The figures of src/eval/report.ts; the cases stay in the file. */
const Evaluation = z.object({
  n: count,
  base: z.object({ passed: count }),
  tuned: z.object({ passed: count }),
  sentence: shown(1000),
  cases: z._default(
    z.array(z.object({ prompt: text(100_000), expected: text(100_000), base: text(100_000), tuned: text(100_000) })),
    [],
  ),
});

export const JobResult = z.object({
  version: z.literal(1),
  status: z.enum(["done", "interrupted"]),
  name: shown(300),
  method: text(20),
  weights: z.enum(["lora", "qlora", "full"]),
  base: z.object({ name: text(300), revision: z._default(z.nullable(text(100)), null) }),
  recipe: Recipe,
  data: z.optional(z.object({ trainRows: count, evalRows: count })),
  steps: count,
  seconds: z.object({ training: seconds, all: seconds }),
  losses: Points,
  evals: Points,
  evaluation: z._default(z.nullable(Evaluation), null),
  /** Read again, each, and compared with the merged weights. */
  gguf: z._default(
    z.array(
      z.object({
        file: Path,
        quant: text(20),
        selfTest: z.optional(z.object({ ok: z.boolean(), error: z.number(), limit: z.number() })),
      }),
    ),
    [],
  ),
  /** Whether TRL made the ids and labels that the page showed; null where there was nothing to compare. */
  tokensMatch: z._default(z.nullable(z.boolean()), null),
  /** How often it went on from a checkpoint. */
  resumed: z._default(count, 0),
  /** Of one GPU, as CUDA reserved it. */
  peakBytes: z._default(z.nullable(z.number()), null),
  files: z.array(ResultFile).check(z.maxLength(2000)),
  /** "NVIDIA L4", "cpu". */
  device: shown(200),
  /** By package. */
  versions: z._default(z.record(text(100), text(100)), {}),
  notes: z._default(z.array(shown(2000)), []),
});
export type JobResult = z.infer<typeof JobResult>;

/** Throws AppError "file/malformed" that says what does not fit. */
export function parseResult(json: string): JobResult {
  if (json.length > LARGEST_RESULT) throw malformed("it is larger than any result");
  let value: unknown;
  try {
    value = JSON.parse(withoutNaN(json));
  } catch {
    throw malformed("it is not JSON, as if it had been cut off");
  }
  const parsed = z.safeParse(JobResult, value);
  if (parsed.success) return parsed.data;
  const { path = [], message = "" } = parsed.error.issues[0] ?? {};
  throw malformed(`${path.join(".") || "the whole"}: ${message}`);
}

function malformed(why: string): AppError {
  return new AppError("file/malformed", `The job's ${RESULT_FILE} does not verify: ${why}.`, {
    hint: "Nothing of it was kept. The files lie untouched where the job wrote them; its log says how it ended.",
  });
}
