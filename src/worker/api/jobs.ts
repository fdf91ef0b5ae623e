/** What a screen may ask about jobs on rented GPUs. A token is given with each question, and kept nowhere. */
import type { DataFacts, ModelFacts } from "@/offload/facts";
import type { JobUpdate } from "@/offload/follow";
import type { Job, ScheduledJob } from "@/offload/job";
import type { ScheduleChange } from "@/offload/jobs-client";
import type { KeptJob } from "@/offload/kept-jobs";
import type { Outcome } from "@/offload/outcome";
import type { Here, Plan, PlanRow } from "@/offload/plan";
import type { JobPreview } from "@/offload/preflight";
import type { JobProgress } from "@/offload/progress";
import type { JobAsk } from "@/offload/submission";
import type { Confirmed } from "@/offload/submit";
import type { Recipe, RecipeInput } from "@/train/recipe";
import type { Finding } from "@/worker/api/data";
import type { DatasetSource, ModelSource, NamedFile } from "@/worker/api/sources";

/** A run as another machine gets it: what the model and the rows come to, and the rows themselves. */
export interface JobFacts {
  readonly recipe: Recipe;
  readonly base: { readonly name: string; readonly revision?: string | undefined };
  readonly model: ModelFacts;
  readonly data: DataFacts;
  /** In TRL's columns, one object a line; `held` is empty where nothing is held out, the fingerprint null where there is none. */
  readonly files: { readonly train: string; readonly held: string; readonly fingerprint: string | null };
  readonly here: Here | null;
  /** Of the gates, as before a run here: red ones first. */
  readonly findings: readonly Finding[];
}

export interface PlannedJob {
  readonly facts: JobFacts;
  readonly plan: Plan;
  /** Why the list of hardware is the dated copy; absent where it is live. */
  readonly why?: string;
}

/** A job of the Hub, with what is known of it here. */
export interface JobView {
  readonly job: Job;
  readonly kept: KeptJob | null;
  /** Dollars so far; null where the price is not known. */
  readonly spent: number | null;
}

export interface FollowedJob extends JobView {
  readonly progress: JobProgress;
  /** Null while the job goes on. */
  readonly outcome: Outcome | null;
}

/** Who asks: a token for this one question, and whose jobs where they are not the token's own account's. */
export interface JobAccess {
  readonly token?: string | undefined;
  readonly namespace?: string | undefined;
}

export interface JobsApi {
  /** Where the run could go. Needs no open model: of one on the Hub its config and tokenizer are read, no weights. */
  planJob(source: ModelSource, data: DatasetSource, recipe: RecipeInput): Promise<PlannedJob>;
  /**
   * A row of that plan as a job: script, rows, recipe, notebook, Slurm's and SkyPilot's files. Asks nobody. `start`: PEFT's
   * two files, of a recipe that goes on from an adapter. Throws "dataset/gate" while a red finding is not accepted by name.
   */
  jobAsk(facts: JobFacts, row: PlanRow, start?: readonly NamedFile[]): Promise<JobAsk>;
  /** All that can be known before anything is sent or spent: checks, ceiling, what leaves the machine, the shell's way. */
  previewJob(ask: JobAsk): Promise<JobPreview>;
  /** Spends. `confirmed` is the preview that a person saw, with the ceiling that they agreed to. `stop` ends the sending. */
  submitJob(ask: JobAsk, confirmed: Confirmed, onSent: (done: number, total: number) => void): Promise<KeptJob>;
  /** The same on a schedule: @daily, @weekly, @monthly, or cron's five fields. Each of its runs may cost the ceiling. */
  scheduleJob(
    ask: JobAsk,
    confirmed: Confirmed,
    schedule: string,
    onSent: (done: number, total: number) => void,
  ): Promise<ScheduledJob>;
  /** A job that is over, once more in its folder: it goes on from its last checkpoint. Throws "usage" while it is at work. */
  jobAgain(name: string, access: JobAccess): Promise<JobAsk>;
  /** Those submitted from here; needs no Hub. Newest first. */
  keptJobs(): Promise<KeptJob[]>;
  /** Those of the Hub that Burnish started, from anywhere. Newest first. */
  listJobs(access: JobAccess): Promise<JobView[]>;
  /** `name`: an id, its beginning, "last", or OWNER/ID for one from elsewhere. */
  jobStatus(name: string, access: JobAccess): Promise<JobView>;
  /** Until its end, or until `stopFollowing`, which stops nothing else. Updates come at most ten times a second. */
  followJob(
    name: string,
    access: JobAccess,
    onUpdates: (updates: readonly JobUpdate[], progress: JobProgress) => void,
  ): Promise<FollowedJob>;
  stopFollowing(): Promise<void>;
  cancelJob(name: string, access: JobAccess): Promise<JobView>;
  /** Reads and verifies its result and keeps it as a run; gives the run's id. A second time gives the same run. */
  fetchJob(name: string, access: JobAccess): Promise<FetchedJob>;
  /** The same from files at hand: the folder that a job wrote on any machine. */
  fetchResult(name: string, files: readonly NamedFile[]): Promise<FetchedJob>;
  /** The whole weights of a result, verified: a folder that opens as a model. Throws "usage" where none were written. */
  fetchWeights(name: string, access: JobAccess): Promise<NamedFile[]>;
  schedules(access: JobAccess): Promise<ScheduledJob[]>;
  changeSchedule(id: string, change: ScheduleChange, access: JobAccess): Promise<void>;
  /** At once, besides its schedule. */
  runSchedule(id: string, access: JobAccess): Promise<JobView>;
}

export interface FetchedJob {
  /** The kept run. */
  readonly run: string;
  /** adapter_config.json and adapter_model.safetensors; empty where whole weights were trained (`fetchWeights`). */
  readonly adapter: readonly NamedFile[];
  /** The comparison with the base, in a sentence. */
  readonly verdict: string | null;
  readonly notes: readonly string[];
}
