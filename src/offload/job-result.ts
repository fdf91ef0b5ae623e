/**
 * What a job leaves behind: `result.json` beside its files, written last, so that a folder without one is a job that did
 * not end. Every file is named with its size and SHA-256; numbers that were not finite are null, as in a kept run.
 *
 *   OUT/result.json
 *   OUT/adapter/adapter_model.safetensors, adapter_config.json      PEFT, what comes home
 *   OUT/…                                                           merged weights, GGUF, checkpoints: named, fetched on wish
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { Series } from "@/runs/record";
import { Recipe } from "@/train/recipe";

export const RESULT_FILE = "result.json";
export const ADAPTER_FILES = ["adapter/adapter_config.json", "adapter/adapter_model.safetensors"] as const;

const MAX_RESULT_BYTES = 64_000_000;
const count = z.int().check(z.nonnegative());
const text = (length: number) => z.string().check(z.maxLength(length));

/** Within the folder of the result: no way out of it, nothing hidden. */
const Path = z.string().check(z.maxLength(300), z.regex(/^(?!\/)(?!.*(^|\/)\.)[\w.+@=-]+(\/[\w.+@=-]+)*$/));

export const ResultFile = z.object({
  path: Path,
  bytes: count,
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});
export type ResultFile = z.infer<typeof ResultFile>;

/** Answers on the held-out cases, base beside tuned; the sentence is the verdict with its interval. */
const Evaluation = z.object({
  n: count,
  base: z.object({ passed: count }),
  tuned: z.object({ passed: count }),
  fixed: z._default(count, 0),
  broken: z._default(count, 0),
  sentence: text(1000),
});

export const JobResult = z.object({
  burnish: z.literal(1),
  status: z.enum(["done", "stopped", "failed"]),
  /** Of a failure: what went wrong, in a sentence. */
  message: z._default(text(4000), ""),
  recipe: Recipe,
  model: z.object({ name: text(300), revision: z._default(z.nullable(text(100)), null) }),
  data: z.object({ name: text(300), trainRows: count, evalRows: count }),
  /** "cuda: 1 × NVIDIA L4", "cpu". */
  engine: text(200),
  /** Versions by package. */
  software: z._default(z.record(text(100), text(100)), {}),
  seconds: z.number().check(z.nonnegative()),
  /** Steps done. */
  steps: count,
  /** Curves by TRL's names: loss, eval_loss, grad_norm, learning_rate, rewards/margins … */
  series: z._default(z.record(text(200), Series), {}),
  samples: z._default(
    z.array(z.object({ step: count, samples: z.array(z.object({ prompt: text(20_000), text: text(20_000) })) })),
    [],
  ),
  evaluation: z._default(z.nullable(Evaluation), null),
  files: z.array(ResultFile).check(z.maxLength(2000)),
});
export type JobResult = z.infer<typeof JobResult>;

/** Throws AppError "file/malformed" that says what does not fit. */
export function parseResult(json: string): JobResult {
  if (json.length > MAX_RESULT_BYTES) throw malformed("it is larger than any result");
  let value: unknown;
  try {
    value = JSON.parse(json);
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
