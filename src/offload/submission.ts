/**
 * What a job is sent and where its result goes. One private bucket of the account holds a folder for each job: script and rows
 * beside what the job writes. The job sees that folder at /burnish, so that no token is needed inside, and nothing is lost at
 * a timeout.
 *
 *   buckets/OWNER/burnish-jobs/KEY/train.py, train.jsonl, held-out.jsonl      sent
 *   buckets/OWNER/burnish-jobs/KEY/out/…                                      comes back
 */
import { AppError } from "@/errors";
import type { Recipe } from "@/train/recipe";
import type { NamedFile } from "@/worker/api/sources";
import type { JobSpec } from "./jobs-client";

export interface JobAsk {
  /** For people. */
  readonly name: string;
  /** train.py, train.jsonl and, where rows are held out, held-out.jsonl. */
  readonly files: readonly NamedFile[];
  readonly recipe: Recipe;
  /** "owner/name" on the Hub, with its commit where that is known. */
  readonly model: { readonly name: string; readonly revision: string | null };
  /** What the rows are called, and how many there are. */
  readonly data: { readonly name: string; readonly trainRows: number; readonly evalRows: number };
  readonly flavor: string;
  readonly timeoutSeconds: number;
  /** Whose job; the token's own account when absent. */
  readonly namespace?: string | undefined;
  /** The folder of a job that this one goes on with. */
  readonly continues?: string | undefined;
  /** For this one question; it is kept nowhere. */
  readonly token?: string | undefined;
}

export const BUCKET = "burnish-jobs";
export const MOUNT = "/burnish";
const IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm";
/** Of a recipe that goes on from an adapter: PEFT's two files, beside the script. */
export const START_FILES: readonly string[] = ["adapter_config.json", "adapter_model.safetensors"];
export const SENT: readonly string[] = ["train.py", "train.jsonl", "held-out.jsonl", ...START_FILES];
const LONGEST = 7 * 24 * 3600;

export const sentFiles = ({ files }: Pick<JobAsk, "files">) => files.filter(({ name }) => SENT.includes(name));

/** Throws "usage" for what no Hub needs to be asked about. */
export function requireWhole({ files, timeoutSeconds, flavor, recipe }: JobAsk): void {
  const names = files.map(({ name }) => name);
  if (recipe.start === "adapter" && !hasStart({ files })) {
    throw new AppError("usage", "The recipe goes on from an adapter, and the job has none.", {
      hint: "`burnish jobs script --adapter DIR` puts it beside the script; or make the recipe start new.",
    });
  }
  const missing = ["train.py", "train.jsonl"].filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw new AppError("usage", `The job has no ${missing.join(" and no ")}.`, {
      hint: "`burnish jobs script` makes them.",
    });
  if (!/^[\w.-]{1,60}$/.test(flavor))
    throw new AppError("usage", "A job needs a flavor.", { hint: "The plan lists them with their prices." });
  if (!(timeoutSeconds >= 60 && timeoutSeconds <= LONGEST)) {
    throw new AppError("usage", "A job's timeout lies between a minute and a week.", {
      hint: "The plan names one with a buffer.",
    });
  }
}

const hasStart = ({ files }: Pick<JobAsk, "files">) =>
  START_FILES.every((wanted) => files.some(({ name }) => name === wanted));

/** "llama-sft-20261121-104512-3f9a": the folder in the bucket, and the label by which a job is found again. */
export function newKey(name: string, now: number, salt: number): string {
  const plain = name
    .toLowerCase()
    .replace(/[^0-9a-z]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
  const time = new Date(now).toISOString().replace(/\..*$/, "").replace(/[-:]/g, "").replace("T", "-");
  return `${plain || "job"}-${time}-${(salt % 65536).toString(16).padStart(4, "0")}`;
}

export interface Mounted {
  readonly namespace: string;
  readonly key: string;
  /** A gated or private model is mounted, which its reader's token allows; the job needs none. */
  readonly mountModel: boolean;
}

export function specOf(ask: JobAsk, { namespace, key, mountModel }: Mounted): JobSpec {
  const { name: model, revision } = ask.model;
  const volume = { type: "model", source: model, mountPath: "/model", readOnly: true } as const;
  return {
    dockerImage: IMAGE,
    command: ["uv", "run", `${MOUNT}/train.py`, ...scriptArguments(ask, mountModel)],
    // The script's bucket is mounted; what a library downloads must not land there.
    environment: { PYTHONUNBUFFERED: "1" },
    secrets: {},
    flavor: ask.flavor,
    timeoutSeconds: ask.timeoutSeconds,
    labels: { burnish: key, name: key },
    volumes: [
      { type: "bucket", source: `${namespace}/${BUCKET}`, path: key, mountPath: MOUNT, readOnly: false },
      ...(mountModel ? [revision === null ? volume : { ...volume, revision }] : []),
    ],
  };
}

function scriptArguments({ files }: JobAsk, mountModel: boolean): string[] {
  const held = files.some(({ name }) => name === "held-out.jsonl");
  return [
    ...["--data", `${MOUNT}/train.jsonl`],
    ...(held ? ["--eval", `${MOUNT}/held-out.jsonl`] : []),
    ...(hasStart({ files }) ? ["--start", ...START_FILES.map((name) => `${MOUNT}/${name}`)] : []),
    ...(mountModel ? ["--model", "/model"] : []),
    ...["--out", `${MOUNT}/out`],
  ];
}

/**
 * The same job by huggingface_hub's own command, for where a browser is not let through: run beside train.py and its rows,
 * which that client sends by itself. What it writes lies in the same bucket, so that it comes home the same way.
 */
export function commandLine(ask: JobAsk, { namespace, key, mountModel }: Mounted): string {
  const held = ask.files.some(({ name }) => name === "held-out.jsonl");
  const bucket = `hf://buckets/${namespace}/${BUCKET}/${key}`;
  const make = ["hf", "buckets", "create", `${namespace}/${BUCKET}`, "--private", "--exist-ok"];
  const run = [
    ...[
      "hf",
      "jobs",
      "uv",
      "run",
      "--flavor",
      ask.flavor,
      "--timeout",
      `${ask.timeoutSeconds}s`,
      "--namespace",
      namespace,
    ],
    ...["--label", `burnish=${key}`, "--name", key, "--env", "PYTHONUNBUFFERED=1", "--volume", `${bucket}:${MOUNT}:rw`],
    ...(mountModel ? ["--volume", `hf://models/${ask.model.name}:/model:ro`] : []),
    ...["--detach", "train.py", "--data", "train.jsonl"],
    ...(held ? ["--eval", "held-out.jsonl"] : []),
    ...(hasStart(ask) ? ["--start", ...START_FILES] : []),
    ...(mountModel ? ["--model", "/model"] : []),
    ...["--out", `${MOUNT}/out`],
  ];
  return `${make.map(quoted).join(" ")} && ${run.map(quoted).join(" ")}`;
}

/** For a POSIX shell: nothing within single quotes means anything but a single quote. */
export const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
