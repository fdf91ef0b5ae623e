/**
 * What a job's script says while it runs: one JSON object a line on stdout, told from everything else that a program prints
 * by its first key, `burnish`. Whatever is not such a line is text for people.
 *
 *   {"burnish": "phase", "phase": "loading", "message": "Qwen/Qwen3-0.6B"}
 *   {"burnish": "start", "steps": 100, "trainRows": 900, "evalRows": 100}
 *   {"burnish": "step", "step": 7, "values": {"loss": 1.23, "grad_norm": 0.4, "learning_rate": 0.0002}}
 *   {"burnish": "eval", "step": 25, "values": {"eval_loss": 1.1}}
 *   {"burnish": "error", "message": "CUDA out of memory …"}
 *   {"burnish": "result", "path": "result.json"}
 */
import * as z from "zod/mini";

const count = z.int().check(z.nonnegative());
const message = z._default(z.string().check(z.maxLength(4000)), "");
const values = z.record(z.string().check(z.maxLength(200)), z.nullable(z.number()));

export const PHASES = ["loading", "baseline", "training", "evaluating", "saving", "exporting", "done"] as const;

export const LogEvent = z.discriminatedUnion("burnish", [
  z.object({ burnish: z.literal("phase"), phase: z.enum(PHASES), message }),
  z.object({ burnish: z.literal("start"), steps: count, trainRows: count, evalRows: count }),
  z.object({ burnish: z.literal("step"), step: count, values }),
  z.object({ burnish: z.literal("eval"), step: count, values }),
  z.object({ burnish: z.literal("error"), message }),
  z.object({ burnish: z.literal("result"), path: z.string().check(z.maxLength(300)) }),
]);
export type LogEvent = z.infer<typeof LogEvent>;

const LONGEST = 100_000;

/** Undefined for text, and for what only looks like an event: a log is never an error. */
export function readLogEvent(line: string): LogEvent | undefined {
  const trimmed = line.trim();
  if (!trimmed.startsWith('{"burnish"') || trimmed.length > LONGEST) return undefined;
  try {
    const parsed = z.safeParse(LogEvent, JSON.parse(trimmed));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
