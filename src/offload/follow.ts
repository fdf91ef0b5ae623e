/**
 * A job from now to its end: its stage asked for every few seconds, its log and metrics streamed beside that. Whoever stops
 * following stops nothing else.
 */
import { AppError } from "@/errors";
import { plainLine } from "@/util/plain-text";
import { dollars, type Job, spentDollars } from "./job";
import { type LogEvent, readLogEvent } from "./job-log";
import {
  followLog,
  followMetrics,
  type JobMetric,
  type LogLine,
  pause,
  STREAM_TIMING,
  type StreamOptions,
  type StreamTiming,
} from "./job-stream";
import { inspectJob, type JobsPlace, openStream } from "./jobs-client";

export type JobUpdate =
  | { readonly type: "job"; readonly job: Job; readonly spent: number | null }
  /** A line for people. */
  | { readonly type: "line"; readonly text: string; readonly timestamp: string }
  /** A line that the script meant for us. */
  | { readonly type: "event"; readonly event: LogEvent; readonly timestamp: string }
  | { readonly type: "metric"; readonly metric: JobMetric }
  /** What happened to the connection. */
  | { readonly type: "note"; readonly message: string };

export interface FollowOptions {
  readonly place: JobsPlace;
  readonly jobId: string;
  /** Null where the price is not known. */
  readonly dollarsPerMinute: number | null;
  readonly signal: AbortSignal;
  readonly onUpdate: (update: JobUpdate) => void;
  readonly timing?: FollowTiming;
}

export interface FollowTiming extends StreamTiming {
  /** Milliseconds between questions for the stage. */
  readonly poll: number;
  /** Failed questions in a row after which following is given up. */
  readonly patience: number;
}

const TIMING: FollowTiming = { ...STREAM_TIMING, poll: 3000, patience: 40 };

/** The job when it is over, or as it was when `signal` came. Throws what will not pass by waiting; the job goes on then. */
export async function followJob(options: FollowOptions): Promise<Job> {
  const { place, jobId, dollarsPerMinute, signal, onUpdate, timing = TIMING } = options;
  const tell = (job: Job) => {
    onUpdate({ type: "job", job, spent: dollarsPerMinute === null ? null : spentDollars(job, dollarsPerMinute) });
    return job;
  };
  let job = tell(await inspectJob(place, jobId));
  const ended = new AbortController();
  const stop = () => ended.abort();
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const open: StreamOptions["open"] = (kind, ending) => openStream(place, jobId, kind, ending);
  const shared = { open, isOver: () => job.over, signal: ended.signal, timing };

  const poll = async () => {
    for (let failures = 0; !job.over && !ended.signal.aborted; ) {
      await pause(timing.poll, ended.signal);
      if (ended.signal.aborted) return;
      try {
        job = tell(await inspectJob(place, jobId));
        failures = 0;
      } catch (error) {
        failures += 1;
        const passes = error instanceof AppError && error.code === "network/failed" && failures < timing.patience;
        if (!passes) throw goesOn(error, job, dollarsPerMinute);
        if (failures === 1)
          onUpdate({ type: "note", message: `${error.message} Trying again; the job goes on meanwhile.` });
      }
    }
  };
  const onBreak = (why: string) => onUpdate({ type: "note", message: `${why} Reading it again.` });
  const log = () =>
    followLog({ ...shared, onBreak }, ({ text, timestamp }: LogLine) => {
      const event = readLogEvent(text);
      onUpdate(event ? { type: "event", event, timestamp } : { type: "line", text: plainLine(text), timestamp });
    });
  const metrics = () => followMetrics({ ...shared, onBreak }, (metric) => onUpdate({ type: "metric", metric }));

  try {
    const watching = metrics();
    await Promise.all([poll(), log()]);
    await watching;
    return job;
  } catch (error) {
    // A log that is refused while the job is known leaves its stage.
    throw error instanceof AppError ? error : goesOn(error, job, dollarsPerMinute);
  } finally {
    stop();
    signal.removeEventListener("abort", stop);
  }
}

function goesOn(error: unknown, job: Job, dollarsPerMinute: number | null): unknown {
  if (!(error instanceof AppError)) return error;
  const spent = dollarsPerMinute === null ? "" : ` Spent until then: ${dollars(spentDollars(job, dollarsPerMinute))}.`;
  return new AppError(error.code, `${error.message} When last heard of, the job was ${job.stage}.`, {
    hint: `The job goes on without us until its end or its timeout.${spent} Follow it again by its name: ${job.id}.`,
    cause: error,
  });
}
