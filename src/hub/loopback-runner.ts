/**
 * For judges: a job of the loopback Hub, really run. Its command starts as a process of this machine with the packages that
 * `uv run` would install; each volume is a temporary folder, a bucket's copied in and, however the job ends, out again. It sees
 * the environment that the API was told, the loopback Hub for models, and nothing of ours: no token.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { createInterface } from "node:readline";
import type { TestHub } from "./loopback-hub";
import { enter, isOver, say, type TestJob, type TestJobSpec } from "./loopback-job-state";

export interface Runner {
  /** With what the script needs installed. */
  readonly python: string;
  /** The timeout, told by what the job says rather than by a clock: the line behind which it is killed. */
  readonly cutAt?: (job: TestJob, line: string) => boolean;
}

type Volume = NonNullable<TestJobSpec["volumes"]>[number];

export function runReally(hub: TestHub, { python, cutAt = () => false }: Runner): (job: TestJob) => void {
  return (job) => {
    const root = mkdtempSync(join(tmpdir(), "loopback-job-"));
    const { volumes = [], command = [], environment, secrets } = job.spec;
    for (const volume of volumes) copyIn(hub, volume, root);
    const inside = (word: string) =>
      volumes.reduce((text, { mountPath }) => text.replaceAll(mountPath, join(root, mountPath)), word);
    const [, , ...words] = command;
    if (command[0] !== "uv" || command[1] !== "run") throw new Error(`not to be run here: ${command.join(" ")}`);
    const own = { HF_ENDPOINT: hub.url, HF_HOME: join(root, "hf"), HOME: root, PATH: process.env.PATH ?? "" };
    // Nothing is fetched from elsewhere, and no GPU is used.
    const closed = { LLAMA_CPP: join(root, "none"), CUDA_VISIBLE_DEVICES: "", HF_HUB_DISABLE_TELEMETRY: "1" };
    const child = spawn(python, words.map(inside), {
      cwd: root,
      env: { ...own, ...closed, ...environment, ...secrets, JOB_ID: job.id },
      detached: true,
    });
    enter(job, "RUNNING");
    let cut = false;
    const kill = () => {
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL");
      } catch {
        // It has just ended.
      }
    };
    job.changes.on("stage", () => {
      if (isOver(job)) kill();
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (cut) return;
        say(job, line);
        cut = cutAt(job, line);
        if (cut) kill();
      });
    }
    child.on("close", (code) => {
      for (const volume of volumes) if (volume.type === "bucket") copyOut(hub, volume, root);
      rmSync(root, { recursive: true, force: true });
      if (cut) enter(job, "ERROR", "Job timeout");
      else if (code === 0) enter(job, "COMPLETED");
      else enter(job, "ERROR", `Job failed with exit code: ${code}`);
    });
  };
}

function copyIn(hub: TestHub, { type, source, path, mountPath }: Volume, root: string): void {
  const files = type === "bucket" ? hub.buckets.buckets.get(source)?.files : hub.repos.get(source)?.files;
  const prefix = path ? `${path}/` : "";
  mkdirSync(join(root, mountPath), { recursive: true });
  for (const [name, body] of files ?? []) {
    if (!name.startsWith(prefix)) continue;
    const target = join(root, mountPath, name.slice(prefix.length));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, body);
  }
}

function copyOut(hub: TestHub, { source, path, mountPath }: Volume, root: string): void {
  const files = hub.buckets.buckets.get(source)?.files;
  const prefix = path ? `${path}/` : "";
  for (const name of files?.keys() ?? []) if (name.startsWith(prefix)) files?.delete(name);
  const folder = join(root, mountPath);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    files?.set(`${prefix}${relative(folder, file)}`, readFileSync(file));
  }
}
