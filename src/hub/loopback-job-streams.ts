/**
 * The streams of a job as server-sent events: its log from the beginning at every connection, with comments that keep the
 * connection alive; its metrics, one a second in real life; its events. A connection may be cut after any byte.
 */
import type { ServerResponse } from "node:http";
import { isOver, type JobsState, jobInfo, type TestJob } from "./loopback-job-state";

const HEADERS = { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" };
const METRIC_EVERY = 20;

/** What a log's connection carries first. */
export const BANNER = "===== Job started at";

/** True when this was a stream, and is being answered. */
export function answerStream(
  state: JobsState,
  url: URL,
  allowed: (ns: string) => number,
  response: ServerResponse,
  headers: Record<string, string>,
): boolean {
  const [, ns = "", id = "", kind = ""] =
    /^\/api\/jobs\/([^/]+)\/([^/]+)\/(logs|metrics|events)$/.exec(url.pathname) ?? [];
  if (kind === "") return false;
  const job = state.jobs.get(id);
  const status = state.faults.streamStatuses.shift() ?? (allowed(ns) || (job?.owner === ns ? 0 : 404));
  const refused = status || (kind === "metrics" && job && isOver(job) ? 406 : 0);
  if (refused || !job) {
    response.writeHead(refused || 404, { ...headers, "Content-Type": "application/json" });
    response.end(JSON.stringify({ error: "No stream here" }));
    return true;
  }
  response.writeHead(200, { ...headers, ...HEADERS });
  response.flushHeaders();
  const cut = kind === "logs" ? (job.cuts.shift() ?? state.faults.streamCuts.shift()) : undefined;
  const write = limited(cut, response);
  const keepAlive = setInterval(() => write(": keep-alive\n\n"), state.faults.keepAlive);
  const end = () => write(null);
  const stop = STREAMS[kind as keyof typeof STREAMS](state, job, write, end, url);
  response.on("close", () => {
    clearInterval(keepAlive);
    stop();
  });
  return true;
}

type Stream = (state: JobsState, job: TestJob, write: (text: string) => void, end: () => void, url: URL) => () => void;

const logs: Stream = ({ faults }, job, write, end, url) => {
  const tail = Number(url.searchParams.get("tail") ?? Number.NaN);
  let next = Number.isNaN(tail) ? 0 : Math.max(0, job.logs.length - tail);
  const timestamp = (job.startedAt ?? job.createdAt).toISOString();
  if (Number.isNaN(tail)) write(message({ data: `${BANNER} ${timestamp} =====`, timestamp }));
  const more = () => {
    for (; next < job.logs.length; next++) write(message(job.logs[next]));
    if (isOver(job) && !faults.openEnd) end();
  };
  more();
  return subscribe(job, more);
};

const metrics: Stream = (_, job, write, end) => {
  let percent = 0;
  const timer = setInterval(() => {
    if (isOver(job)) return end();
    percent = (percent + 10) % 101;
    const gpus = { d901cd7f: { utilization: percent, memory_used_bytes: 8e9, memory_total_bytes: 24e9 } };
    const cpu = { cpu_usage_pct: 12, cpu_millicores: 3500, memory_used_bytes: 2e9, memory_total_bytes: 16e9 };
    write(`event: metric\n${message({ ...cpu, rx_bps: 0, tx_bps: 0, gpus, replica: "57vr7" })}`);
  }, METRIC_EVERY);
  return () => clearInterval(timer);
};

const events: Stream = (_, job, write, end) => {
  const tell = () => {
    write(message(jobInfo(job)));
    if (isOver(job)) end();
  };
  tell();
  job.changes.on("stage", tell);
  return () => void job.changes.off("stage", tell);
};

const STREAMS = { logs, metrics, events };

const message = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

function subscribe(job: TestJob, more: () => void): () => void {
  job.changes.on("line", more);
  job.changes.on("stage", more);
  return () => {
    job.changes.off("line", more);
    job.changes.off("stage", more);
  };
}

/** Writes until the next cut's byte, then breaks the connection as a network does. Null is the end. */
function limited(cut = Number.POSITIVE_INFINITY, response: ServerResponse): (text: string | null) => void {
  let left = cut;
  return (text) => {
    if (response.destroyed || response.writableEnded || left < 0) return;
    if (text === null) {
      response.end();
      return;
    }
    const bytes = Buffer.from(text);
    if (bytes.length <= left) {
      left -= bytes.length;
      response.write(bytes);
      return;
    }
    const part = bytes.subarray(0, left);
    left = -1;
    response.write(part);
    setTimeout(() => response.destroy(), 5);
  };
}
