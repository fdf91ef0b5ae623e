/** The real huggingface_hub client drives the loopback Jobs server; src/tooling/oracle.mjs says where its Python lies. */
import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { startHub } from "./loopback-hub";
import { enter, say, type TestJob } from "./loopback-job-state";

const { BURNISH_PYTHON } = process.env;

test.skipIf(!BURNISH_PYTHON)("huggingface_hub runs, follows, lists, cancels and schedules jobs on it", async () => {
  const hub = await startHub();
  try {
    hub.uploads.accounts.set("hf_mayRun", { name: "me", role: "fineGrained", scoped: ["me"], jobs: true });
    hub.uploads.accounts.set("hf_mayNot", { name: "me", role: "fineGrained", scoped: ["me"] });
    // The log breaks off in its banner, and again in a line.
    hub.jobs.faults.streamCuts = [40, 170];
    hub.jobs.pageSize = 1;
    hub.jobs.runner = (job) => {
      enter(job, "RUNNING");
      if (job.spec.command?.[0] !== "uv") return;
      say(job, "one");
      say(job, "two");
      // That client drops what it has not read when a job ends while its connection is broken, so the end waits.
      const whole = setInterval(() => {
        if (hub.log.filter((line) => line.endsWith("/logs")).length < 3) return;
        clearInterval(whole);
        say(job, `script of ${scriptOf(hub, job).length} bytes`);
        enter(job, "COMPLETED");
      }, 20);
    };
    const tokens = ["--token", "hf_mayRun", "--denied", "hf_mayNot"];
    const child = spawn(BURNISH_PYTHON ?? "", ["e2e/oracle/check_jobs.py", "--endpoint", hub.url, ...tokens]);
    let out = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (out += text));
    const code = await new Promise((done) => child.on("close", done));
    expect(out).toMatch(/^3\d passed, 0 failed$/m);
    expect(code).toBe(0);
  } finally {
    await hub.close();
  }
});

/** What the client put into the bucket that the job sees at /data. */
function scriptOf({ buckets }: Awaited<ReturnType<typeof startHub>>, { spec }: TestJob): string {
  const volume = spec.volumes?.find(({ mountPath }) => mountPath === "/data");
  const files = buckets.buckets.get(volume?.source ?? "")?.files;
  return files?.get(`${volume?.path}/train.py`)?.toString() ?? "";
}
