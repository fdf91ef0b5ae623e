/**
 * The loopback Hub's Jobs: create, inspect, list, cancel, labels, duplicate and hardware, as the REST API has them and as its
 * Python client expects them (a judge runs that client on it).
 */
import * as z from "zod/mini";
import {
  begin,
  enter,
  fault,
  isOver,
  JobSpec,
  type JobsRequest,
  type JobsState,
  jobInfo,
  mayRun,
  type TestFlavor,
} from "./loopback-job-state";
import { answerScheduled } from "./loopback-schedules";
import type { Answer, TestAccount } from "./loopback-upload";

const Text = z.string();
const Texts = z.record(Text, Text);

/** Undefined for what is none of the Jobs API's routes, or a stream. */
export async function answerJobs(state: JobsState, request: JobsRequest): Promise<Answer | undefined> {
  const { method, url, account } = request;
  const [, kind, ns = "", id, act] =
    /^\/api\/(jobs|scheduled-jobs)\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
  if (!kind) return undefined;
  const status = state.faults.statuses.shift();
  if (status !== undefined)
    return fault(status, status === 429 ? "You have been rate limited" : "Something is wrong here");
  if (kind === "jobs" && ns === "hardware" && !id) return { status: 200, body: state.flavors.map(hardware) };
  if (!account) return fault(401, "Invalid credentials in Authorization header");
  if (!mayRun(account, ns)) {
    return fault(403, "Your authentication token is missing the required scope: job.write");
  }
  if (kind === "scheduled-jobs") return answerScheduled(state, request, ns, id, act);
  if (method === "POST" && !id) {
    const { lose } = state;
    state.lose = undefined;
    const lost = fault(502, "Bad gateway");
    if (lose === "before") return lost;
    const made = create(state, account, ns, JSON.parse(await request.body()));
    return lose === "after" ? lost : made;
  }
  if (method === "GET" && !id) return list(state, ns, url);
  const job = state.jobs.get(id ?? "");
  if (job?.owner !== ns) return fault(404, "Job not found");
  if (method === "GET" && !act) return { status: 200, body: jobInfo(job) };
  if (method === "POST" && act === "cancel") {
    if (isOver(job)) return fault(409, `Job is already ${job.stage.toLowerCase()}`);
    enter(job, "CANCELED", "Canceled by the user");
    return { status: 200, body: jobInfo(job) };
  }
  if (method === "POST" && act === "duplicate") {
    return { status: 200, body: jobInfo(begin(state, ns, job.spec, { type: "duplicated-job", id: job.id })) };
  }
  if (method === "PUT" && (act === "labels" || act === "expose")) {
    const change = z.parse(z.record(Text, z.unknown()), JSON.parse(await request.body()));
    Object.assign(job.spec, act === "labels" ? { labels: z.parse(Texts, change.labels) } : { expose: change });
    return { status: 200, body: jobInfo(job) };
  }
  return undefined;
}

function create(state: JobsState, account: TestAccount, ns: string, body: unknown): Answer {
  const parsed = z.safeParse(JobSpec, body);
  if (!parsed.success) return fault(400, `Invalid input: ${parsed.error.issues[0]?.message}`);
  const spec = parsed.data;
  if (!state.flavors.some(({ name }) => name === spec.flavor)) {
    return fault(400, `Invalid enum value for "flavor": ${spec.flavor}`);
  }
  if ((spec.dockerImage === undefined) === (spec.spaceId === undefined))
    return fault(400, "One of dockerImage and spaceId");
  if (account.canPay === false) {
    return fault(402, "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs.");
  }
  return { status: 200, body: jobInfo(begin(state, ns, spec, { type: "user", id: ns, name: account.name })) };
}

function list({ jobs, pageSize }: JobsState, ns: string, url: URL): Answer {
  const stages = url.searchParams.getAll("stage");
  const labels = url.searchParams.getAll("label").map((pair) => pair.split("="));
  const found = [...jobs.values()]
    .filter(({ owner, stage }) => owner === ns && (stages.length === 0 || stages.includes(stage)))
    .filter(({ spec }) => labels.every(([key = "", value]) => spec.labels?.[key] === value))
    .reverse();
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const body = found.slice(from, from + pageSize).map(jobInfo);
  if (from + pageSize >= found.length) return { status: 200, body };
  const next = new URL(url);
  next.searchParams.set("cursor", String(from + pageSize));
  return { status: 200, body, headers: { Link: `<${next.href}>; rel="next"` } };
}

function hardware({ name, dollarsPerHour, gpu }: TestFlavor): object {
  const accelerator = gpu && {
    ...{
      type: "gpu",
      model: gpu.model,
      quantity: String(gpu.quantity),
      vram: `${gpu.vram} GB`,
      manufacturer: "Nvidia",
    },
  };
  const unitCostUSD = dollarsPerHour / 60;
  return {
    ...{ name, prettyName: name, cpu: "4 vCPU", ram: "16 GB", ephemeralStorage: "100 GB" },
    ...{
      accelerator: accelerator ?? null,
      unitCostMicroUSD: Math.round(unitCostUSD * 1e6),
      unitCostUSD,
      unitLabel: "minute",
    },
  };
}
