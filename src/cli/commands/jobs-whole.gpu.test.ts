/**
 * A job from its submission to a run beside those of this machine, with the real script in real TRL: cut at its timeout,
 * submitted again, brought home, and judged by PEFT. src/tooling/oracle.mjs says where its Python lies.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { COMMANDS } from "@/cli/commands";
import { nodePlatform } from "@/cli/node-platform";
import { parseFlags } from "@/cli/parse-flags";
import type { TestHub } from "@/hub/loopback-hub";
import { runReally } from "@/hub/loopback-runner";
import { TIMING } from "@/offload/test-jobs";
import { createSession } from "@/session/session";
import { ask } from "@/session/test-job";
import { startJobHub, TOKEN } from "@/session/test-work";

const { BURNISH_PYTHON = "" } = process.env;
const MODEL = join("e2e", "fixtures", "llama-gqa");
const ROWS = join("e2e", "fixtures", "rows", "prompt-completion.jsonl");
const STEPS = 9;
const RECIPE = {
  ...{ lora: { rank: 4, alpha: 8 }, optimizer: { learningRate: 1e-3 }, batch: { size: 2, accumulate: 1 } },
  ...{
    schedule: { steps: STEPS, warmup: 4 },
    data: { holdout: 0.3, maxLength: 128, accept: ["no-signal", "truncated-answers"] },
    evaluate: { every: 3 },
  },
};

let hub: TestHub;
let folder: string;
const path = (name: string) => join(folder, name);
beforeAll(async () => {
  hub = await startJobHub();
  folder = await mkdtemp(join(tmpdir(), "whole-job-"));
  await writeFile(path("recipe.json"), JSON.stringify(RECIPE));
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_TOKEN", TOKEN);
  vi.stubEnv("BURNISH_CACHE", path("cache"));
  vi.stubEnv("BURNISH_RUNS", path("data/runs"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true });
});

type Said = { readonly type?: string; readonly [name: string]: unknown };

/** A command as it is typed, and what it says to programs. */
async function burnish(name: string, ...args: string[]) {
  const said: Said[] = [];
  const command = COMMANDS[name];
  if (!command) throw new Error(`no command ${name}`);
  const quiet = () => {};
  const terminal = { json: true, emit: (line: unknown) => said.push(line as Said), note: quiet, say: quiet };
  const code = await command.run({
    session: createSession({ ...nodePlatform("cpu"), jobTiming: TIMING }),
    ...parseFlags(command, args),
    terminal: { ...terminal, progress: quiet, clear: quiet, fail: quiet },
  });
  return { code: code ?? 0, said, last: said.at(-1) ?? {} };
}

const of = (said: readonly Said[], type: string) => said.filter((line) => line.type === type);
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

test.skipIf(BURNISH_PYTHON === "")(
  "submit, a timeout, submit again, logs, fetch, and a run of the list",
  async () => {
    let checkpoints = 0;
    hub.jobs.runner = runReally(hub, {
      python: BURNISH_PYTHON,
      cutAt: (_, line) => line.includes('"type": "checkpoint"') && ++checkpoints === 2,
    });
    const subject = ["--model", "hf:test/tiny", "--data", ROWS, "--recipe", path("recipe.json")];
    const asked = ["submit", ...subject, "--flavor", "t4-small", "--yes"];
    const { last: job } = await burnish("jobs", ...asked);
    expect(job.type).toBe("submitted");

    const cut = await burnish("jobs", "logs", "last");
    expect(cut.code, JSON.stringify(cut.said.slice(-20))).toBe(1);
    expect(cut.last.happened).toMatch(/ran into its timeout at step [67] of 9/);
    expect(cut.last.safe).toMatch(/Checkpoints up to step [67]/);
    await expect(burnish("jobs", "fetch", "last")).rejects.toMatchObject({
      message: /There is no result.json.*last checkpoint is of step 6\. The job is ERROR \(Job timeout\)/,
      hint: /--continue.*Spent so far/,
    });

    const { last: again } = await burnish("jobs", "submit", "--continue", String(job.id), "--timeout", "1h", "--yes");
    expect(again).toMatchObject({ type: "submitted", key: job.key, timeoutSeconds: 3600 });
    const done = await burnish("jobs", "logs", String(again.id));
    expect(done.code, JSON.stringify(done.said.slice(-20))).toBe(0);
    expect(done.said).toContainEqual(
      expect.objectContaining({ event: { type: "start", step: 6, steps: STEPS, tokensMatch: true } }),
    );

    const { last: fetched } = await burnish("jobs", "fetch", String(again.id), "--out", path("adapter"));
    // The same recipe here, and both in one list.
    const here = await burnish("train", ...subject, "--out", path("here"));
    const { said: listed } = await burnish("runs", "list");
    const run = String(fetched.run);
    const own = String(listed.find(({ id }) => id !== run)?.id);
    expect(listed.map(({ status, steps }) => [status, steps])).toEqual([
      ["done", STEPS],
      ["done", STEPS],
    ]);
    const differences = (await burnish("runs", "diff", run, own)).said.map(({ field }) => field);
    // Nothing of the recipe.
    expect(differences.sort()).toEqual(["engine", "version"]);

    // Equal rows in an equal order. PEFT draws other starting numbers, but a new adapter adds nothing, and the schedule
    // rises from zero: two steps see the same model, the third nearly; behind that each goes its own way.
    const { series, job: origin } = (await burnish("runs", "show", run)).last as unknown as {
      series: Record<string, { steps: number[]; values: number[] }>;
      job: object;
    };
    expect(origin).toMatchObject({ id: again.id, flavor: "t4-small" });
    const losses = of(here.said, "step").map(({ loss }) => Number(loss));
    expect(series.loss?.steps).toEqual(losses.map((_, i) => i + 1));
    const apart = losses.map((loss, i) => Math.abs(loss - (series.loss?.values[i] ?? Number.NaN)));
    console.log("losses apart", apart.map((value) => value.toExponential(1)).join(" "));
    for (const difference of apart.slice(0, 2)) expect(difference).toBeLessThan(1e-5);
    expect(apart[2]).toBeLessThan(1e-3);
    expect(new Set(losses.slice(0, 3).map((loss) => loss.toFixed(2))).size).toBe(3);

    // The adapter, here and in PEFT.
    const tuned = ["--model", MODEL, "--adapter", path("adapter")];
    const length = ["--max-length", "128"];
    const scores = await burnish("score", ...tuned, "--data", ROWS, ...length);
    await writeFile(path("scores.jsonl"), scores.said.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const answer = await burnish("generate", ...tuned, "--prompt", "The ", "--max-tokens", "12");
    await writeFile(path("greedy.json"), JSON.stringify([{ prompt: "The ", text: answer.last.text, maxTokens: 12 }]));
    const judged = await promisify(execFile)(BURNISH_PYTHON, [
      ...["e2e/oracle/check_adapter.py", ...tuned, "--greedy", path("greedy.json"), "--data", ROWS],
      ...["--scores", path("scores.jsonl"), "--tolerance", "1e-4", ...length],
    ]);
    expect(lines(judged.stdout).at(-1)).toMatch(/^[1-9]\d* passed, 0 failed$/);

    const session = createSession(nodePlatform("cpu"));
    await session.openRun(run, "best");
    const options = { maxTokens: 12, temperature: 0, seed: 1, chat: false, adapter: true };
    expect(await session.generate("The ", options, () => {})).toBe(answer.last.text);
    const made = await burnish("export", ...tuned, "--format", "gguf", "--quant", "q8_0", "--out", path("gguf"));
    expect(made.last).toMatchObject({ type: "export", selfTest: { passed: true } });
    expect(await readFile(path("adapter/adapter_config.json"), "utf8")).not.toContain(TOKEN);
  },
  400_000,
);

test.skipIf(BURNISH_PYTHON === "")(
  "the line for a shell is one that the real hf takes, and the same job",
  async () => {
    hub.jobs.runner = () => {};
    const asked = ask({ name: "by hand", files: [...ask().files, { name: "held-out.jsonl", blob: new Blob(["{}"]) }] });
    hub.repos.set("test/closed", { files: hub.repos.get("test/tiny")?.files ?? new Map(), token: TOKEN });
    const closed = { ...asked, model: { name: "test/closed", revision: null } };
    const preview = await createSession(nodePlatform("cpu")).previewJob(closed);
    expect(preview).toMatchObject({ ok: true, mountModel: true });
    const place = path("by-hand");
    await mkdir(place);
    for (const { name, blob } of asked.files) await writeFile(join(place, name), await blob.text());
    const env = { ...process.env, PATH: `${dirname(BURNISH_PYTHON)}:${process.env.PATH}`, HF_HOME: path("hf") };
    const { stdout } = await promisify(execFile)("bash", ["-c", preview.commandLine], { cwd: place, env });
    const made = [...hub.jobs.jobs.values()].at(-1);
    expect(stdout).toContain(made?.id);
    const { volumes = [], command = [], ...spec } = made?.spec ?? {};
    expect(spec).toMatchObject({
      ...{ flavor: "t4-small", timeoutSeconds: 1800, environment: { PYTHONUNBUFFERED: "1" } },
      labels: { burnish: preview.key, name: preview.key },
    });
    expect(volumes).toContainEqual(
      expect.objectContaining({ type: "bucket", source: "me/burnish-jobs", path: preview.key, mountPath: "/burnish" }),
    );
    expect(volumes).toContainEqual(
      expect.objectContaining({ type: "model", source: "test/closed", mountPath: "/model" }),
    );
    expect(hub.buckets.buckets.get("me/burnish-jobs")?.isPrivate).toBe(true);
    // Script and rows went along; each word that names a file names it where the job sees it.
    const words = command.join(" ");
    expect(words).toMatch(
      /^uv run \S*train\.py --data \S*train\.jsonl --eval \S*held-out\.jsonl --model \/model --out \/burnish\/out$/,
    );
    for (const word of command.filter((one) => /\.(py|jsonl)$/.test(one))) {
      const mount = volumes.find(({ mountPath }) => word.startsWith(`${mountPath}/`));
      const stored = hub.buckets.buckets.get(mount?.source ?? "")?.files ?? new Map<string, Buffer>();
      const inside = word.slice((mount?.mountPath.length ?? 0) + 1);
      expect(stored.has(mount?.path ? `${mount.path}/${inside}` : inside), `${word} in ${[...stored.keys()]}`).toBe(
        true,
      );
    }
    expect(JSON.stringify(made?.spec)).not.toContain(TOKEN);
  },
  120_000,
);
