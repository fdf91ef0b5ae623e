/**
 * What a job's script says while it runs (src/export/python/arguments.py): lines `@burnish {JSON}` on stdout, told from
 * everything else that a program prints by their first word. Whatever is not such a line is text for people.
 *
 *   @burnish {"time": 1700000000.1, "type": "start", "step": 0, "steps": 100, "tokensMatch": true}
 *   @burnish {"time": …, "type": "step", "step": 7, "steps": 100, "loss": 1.23, "grad_norm": 0.4, "learning_rate": 0.0002}
 *   @burnish {"time": …, "type": "done", "seconds": 812.5}
 */
import * as z from "zod/mini";
import { plainLine } from "@/util/plain-text";

const count = z.int().check(z.nonnegative());
/** As it may be shown. */
const text = z.pipe(
  z.string(),
  z.transform((said: string) => plainLine(said)),
);
/** Numbers beside the named fields are what the trainer logged, by its own names. */
const logged = { step: count, steps: z.optional(count) };

const Event = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), step: count, steps: count, tokensMatch: z.nullish(z.boolean()) }),
  z.looseObject({ type: z.literal("step"), ...logged }),
  z.looseObject({ type: z.literal("eval"), ...logged }),
  z.object({ type: z.literal("checkpoint"), step: count }),
  z.object({ type: z.literal("trained"), step: count, seconds: z.number(), peakBytes: z.nullish(z.number()) }),
  z.object({ type: z.literal("answered"), arm: z.enum(["base", "tuned"]), cases: count }),
  z.object({ type: z.literal("gguf"), file: text, ok: z.boolean() }),
  z.object({ type: z.literal("error"), code: z._default(text, ""), message: text }),
  z.object({ type: z.literal("interrupted") }),
  z.object({ type: z.literal("done"), seconds: z.number() }),
]);
type Event = z.infer<typeof Event>;

type Measured = {
  readonly type: "step" | "eval";
  readonly step: number;
  readonly values: Readonly<Record<string, number | null>>;
};
export type LogEvent = Exclude<Event, { type: "step" | "eval" }> | Measured;

const PREFIX = "@burnish ";
const LONGEST = 100_000;
/** Not of the run, but of the clock and the plan. */
/** As trainers name what they log: "rewards/margins". */
const NAME = /^[a-z][\w./@:-]{0,99}$/i;
const MOST_MEASURES = 100;
const NO_MEASURE = new Set(["time", "step", "steps", "epoch", "total_flos"]);

/** Undefined for text, and for what only looks like an event: a log is never an error. */
export function readLogEvent(line: string): LogEvent | undefined {
  const trimmed = line.trim();
  return trimmed.startsWith(PREFIX) ? readEvent(trimmed.slice(PREFIX.length)) : undefined;
}

/** The same from a line of events.jsonl, which keeps what the log said. */
export function readEvent(json: string): LogEvent | undefined {
  if (json.length > LONGEST) return undefined;
  try {
    const parsed = z.safeParse(Event, JSON.parse(withoutNaN(json)));
    if (!parsed.success) return undefined;
    const event = parsed.data;
    return event.type === "step" || event.type === "eval" ? measured(event) : event;
  } catch {
    return undefined;
  }
}

function measured({ type, step, ...rest }: Extract<Event, { type: "step" | "eval" }>): Measured {
  const numbers = Object.entries(rest).filter(
    (pair): pair is [string, number | null] =>
      !NO_MEASURE.has(pair[0]) && NAME.test(pair[0]) && (pair[1] === null || typeof pair[1] === "number"),
  );
  return { type, step, values: Object.fromEntries(numbers.slice(0, MOST_MEASURES)) };
}

/** Python writes numbers that JSON does not have; outside of strings they are gaps. */
export const withoutNaN = (json: string) =>
  json.replace(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)\b/g, (found) => (found.startsWith('"') ? found : "null"));
