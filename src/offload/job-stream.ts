/**
 * A job's log and metrics while they last. The log begins anew at every connection, so what was handed on already is counted
 * and skipped; should a replay begin elsewhere (a long log may be kept in part), its timestamps decide. Streams break, stay
 * open after the end, or stay empty: whether a job is over is asked elsewhere, and read to the end here.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { hashString } from "@/util/random";
import type { StreamKind } from "./jobs-client";
import { eventReader, type ServerEvent } from "./sse";

export interface StreamTiming {
  /** Milliseconds without a byte after which a connection counts as broken; keep-alives come every half minute. */
  readonly stall: number;
  /** Milliseconds without a line after which the log of a job that is over counts as read. */
  readonly drain: number;
  /** Milliseconds before the first further try; doubles up to ten times as much. */
  readonly retry: number;
}

export const STREAM_TIMING: StreamTiming = { stall: 120_000, drain: 3000, retry: 1000 };

export interface LogLine {
  readonly text: string;
  readonly timestamp: string;
}

const Line = z.object({ data: z.string(), timestamp: z._default(z.string(), "") });
/** The first message of every connection. */
const BANNER = "===== Job started";

export interface StreamOptions {
  readonly open: (kind: StreamKind, signal: AbortSignal) => Promise<ReadableStream<Uint8Array> | null>;
  readonly isOver: () => boolean;
  readonly signal: AbortSignal;
  readonly timing: StreamTiming;
  /** Said once for each break. */
  readonly onBreak: (why: string) => void;
}

/** In a row, of a job that is over; an empty log is one that its job never came to write. */
const MOST_FAILURES = 3;

/** Ends when the job is over and its log is read, or at the signal. Throws what will not pass by waiting. */
export async function followLog(options: StreamOptions, onLine: (line: LogLine) => void): Promise<void> {
  const { isOver, signal, timing } = options;
  const seen = createSeen();
  let failures = 0;
  while (!signal.aborted) {
    const wasOver = isOver();
    const before = seen.count();
    seen.rewind();
    const end = await readStream(options, "logs", ({ data }) => {
      const parsed = parseLine(data);
      if (parsed && seen.isNew(parsed) && !parsed.text.startsWith(BANNER)) onLine(parsed);
    });
    const more = seen.count() > before;
    // Silence may be a slow network, an end a proxy's: they count when nothing new came before them.
    if (wasOver && end !== "broken" && !more) return;
    failures = more ? 0 : failures + 1;
    // A log that cannot be read at all is no reason to wait for ever beside a job that is over.
    if (wasOver && failures > MOST_FAILURES) return;
    // A job that ended meanwhile is read once more, from its beginning, which is quick.
    if (end === "broken" || !isOver()) await pause(Math.min(10, 2 ** failures) * timing.retry, signal, isOver);
  }
}

/** Samples until the job is over. Metrics are a comfort: their faults are silent. */
export async function followMetrics(options: StreamOptions, onMetric: (metric: JobMetric) => void): Promise<void> {
  const { isOver, signal, timing } = options;
  const quiet = { ...options, onBreak: () => {} };
  for (let failures = 0; !signal.aborted && !isOver(); failures++) {
    await readStream(quiet, "metrics", ({ data }) => {
      const metric = parseMetric(data);
      if (!metric) return;
      failures = 0;
      onMetric(metric);
    }).catch(() => undefined);
    if (!isOver()) await pause(Math.min(10, 2 ** failures) * timing.retry, signal, isOver);
  }
}

type End = "ended" | "silent" | "broken";

async function readStream(
  { open, isOver, signal, timing, onBreak }: StreamOptions,
  kind: StreamKind,
  onEvent: (event: ServerEvent) => void,
): Promise<End> {
  const connection = new AbortController();
  const stop = () => connection.abort();
  signal.addEventListener("abort", stop);
  let heard = performance.now();
  let opened = false;
  let silent = false;
  let empty = true;
  const watch = setInterval(
    () => {
      const quiet = performance.now() - heard;
      silent = opened && isOver() && quiet > timing.drain;
      if (silent || quiet > timing.stall) stop();
    },
    Math.min(250, timing.drain / 2),
  );
  try {
    const body = await open(kind, connection.signal);
    heard = performance.now();
    opened = true;
    const reader = body?.getReader();
    const read = eventReader();
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) return empty ? "broken" : "ended";
      const events = read(piece.value);
      // Keep-alives hold a connection, but they are no news of a job that is over.
      if (events.length > 0 || !isOver()) heard = performance.now();
      empty &&= events.length === 0;
      for (const event of events) onEvent(event);
    }
  } catch (error) {
    if (signal.aborted || (silent && !empty)) return "silent";
    if (silent) return "broken";
    if (error instanceof AppError && error.code !== "network/failed" && error.code !== "run/stopped") throw error;
    onBreak(error instanceof AppError ? error.message : "The connection to the log broke.");
    return "broken";
  } finally {
    clearInterval(watch);
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** Which messages of a replay are new. */
function createSeen() {
  const hashes: number[] = [];
  let last = "";
  let at = 0;
  let shifted = false;
  return {
    count: () => hashes.length,
    rewind: () => {
      at = 0;
      shifted = false;
    },
    isNew: ({ text, timestamp }: LogLine): boolean => {
      const hash = hashString(`${timestamp} ${text}`);
      const known = hashes[at];
      at += 1;
      // The banner's time may change from one connection to the next.
      if (known !== undefined && !text.startsWith(BANNER) && known !== hash) shifted = true;
      if (!shifted && known !== undefined) return false;
      if (shifted && timestamp <= last) return false;
      hashes.push(hash);
      if (timestamp > last) last = timestamp;
      return true;
    },
  };
}

function parseLine(data: string): LogLine | undefined {
  try {
    const { data: text, timestamp } = z.parse(Line, JSON.parse(data));
    return { text, timestamp };
  } catch {
    return undefined;
  }
}

const percent = z._default(z.number(), 0);
const bytes = z._default(z.number(), 0);
const Metric = z.object({
  cpu_usage_pct: percent,
  memory_used_bytes: bytes,
  memory_total_bytes: bytes,
  gpus: z._default(
    z.record(z.string(), z.object({ utilization: percent, memory_used_bytes: bytes, memory_total_bytes: bytes })),
    {},
  ),
});

export interface JobMetric {
  readonly cpuPercent: number;
  readonly memory: { readonly used: number; readonly total: number };
  /** In the order of their names. */
  readonly gpus: readonly { readonly percent: number; readonly used: number; readonly total: number }[];
}

function parseMetric(data: string): JobMetric | undefined {
  try {
    const {
      cpu_usage_pct: cpuPercent,
      memory_used_bytes: used,
      memory_total_bytes: total,
      gpus,
    } = z.parse(Metric, JSON.parse(data));
    const sorted = Object.entries(gpus).sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      cpuPercent,
      memory: { used, total },
      gpus: sorted.map(([, gpu]) => ({
        ...{ percent: gpu.utilization, used: gpu.memory_used_bytes, total: gpu.memory_total_bytes },
      })),
    };
  } catch {
    return undefined;
  }
}

/** Shorter when the job ends meanwhile. */
export function pause(milliseconds: number, signal: AbortSignal, isOver: () => boolean = () => false): Promise<void> {
  if (milliseconds <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const end = performance.now() + milliseconds;
    const wasOver = isOver();
    const watch = setInterval(
      () => {
        if (!signal.aborted && performance.now() < end && isOver() === wasOver) return;
        clearInterval(watch);
        resolve();
      },
      Math.max(1, Math.min(100, milliseconds / 2)),
    );
  });
}
