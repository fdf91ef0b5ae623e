/** The room Jobs against a Hub on this machine: planned, agreed to, followed over a line that breaks, and brought back as a run. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Page, expect as plainly, test } from "playwright/test";
import type { TestHub } from "../src/hub/loopback-hub";
import { enter, say, type TestJob } from "../src/hub/loopback-job-state";
import { event } from "../src/offload/test-jobs";
import { bucketOf, startJobHub, TOKEN, work } from "../src/session/test-work";
import { everythingKept, files, openPage } from "./support";

const ROWS = files(Array.from({ length: 40 }, (_, i) => ({ prompt: `a${i}`, completion: ` b${i % 5}` })));
const HOSTILE = `<img src=x onerror="document.title='owned'">`;

// A loaded machine is slow between a click and its answer.
const expect = plainly.configure({ timeout: 30_000 });
test.setTimeout(240_000);
test.use({ actionTimeout: 40_000 });

let hub: TestHub;
let behind: string[];
test.beforeEach(async ({ page }) => {
  hub = await startJobHub();
  behind = await openPage(page, "cpu", `hub=${encodeURIComponent(hub.url)}`);
  await page.getByLabel("Rooms").getByRole("link", { name: "Jobs" }).click();
});
test.afterEach(() => hub.close());

async function plan(page: Page): Promise<void> {
  await page.getByTestId("jobs-model").fill("test/tiny");
  await page
    .getByTestId("jobs-rows-file")
    .setInputFiles({ name: "rows.jsonl", mimeType: "application/jsonl", buffer: ROWS });
  await page.getByTestId("jobs-plan").click();
  await expect(page.getByTestId("jobs-facts")).toContainText("test/tiny");
  await page.getByTestId("jobs-row-t4-small-lora").check();
  await expect(page.getByTestId("jobs-chosen")).toContainText("t4-small, LoRA");
}

async function check(page: Page, token = TOKEN): Promise<void> {
  await page.getByTestId("jobs-token").fill(token);
  await page.getByTestId("jobs-check").click();
}

async function submit(page: Page): Promise<void> {
  await check(page);
  await expect(page.getByTestId("jobs-checks")).toHaveAttribute("data-ok", "true");
  await page.getByTestId("jobs-submit").click();
  await page.getByTestId("jobs-yes").click();
}

test("plan, question, yes, a log that is cut, a run of the list that answers; and the token is nowhere", async ({
  page,
}, info) => {
  let release = () => {};
  hub.jobs.runner = (job) => {
    enter(job, "RUNNING");
    say(job, "Installed 61 packages in 4.1s");
    say(job, HOSTILE);
    say(job, event({ type: "start", step: 0, steps: 3, tokensMatch: true }));
    say(job, event({ type: "step", step: 1, steps: 3, loss: 2.5, grad_norm: 1 }));
    release = () => void work(hub, job);
  };
  hub.jobs.faults.streamCuts = [150, 333];
  await plan(page);
  await expect(page.getByTestId("jobs-facts")).toContainText(/\d+ rows and \d+ held out/);
  await expect(page.getByTestId("jobs-here")).toContainText("not measured");
  await expect(page.getByTestId("jobs-prices")).toContainText("as the Hub lists them now");
  await expect(page.getByTestId("jobs-table")).toContainText("recommended");
  await expect(page.getByTestId("jobs-most")).toContainText("$0.20 at most");
  await page.getByTestId("look-train.py").click();
  await expect(page.getByTestId("text-train.py")).toContainText("# /// script");
  await expect(page.getByTestId("jobs-line")).toContainText("hf jobs uv run --flavor t4-small --timeout 1800s");
  const download = page.waitForEvent("download");
  await page.getByTestId("save-train.sky.yaml").click();
  expect(readFileSync(await (await download).path(), "utf8")).toContain("train.py");

  await check(page);
  await expect(page.getByTestId("check-flavor")).toContainText("$0.40 an hour");
  await page.getByTestId("jobs-submit").click();
  await expect(page.getByTestId("jobs-confirm")).toContainText("Spend at most $0.20?");
  await expect(page.getByTestId("jobs-leaves")).toContainText(/rows of rows.jsonl to train on.*private bucket/);
  await expect(page.getByTestId("jobs-no")).toBeFocused();
  await page.getByTestId("jobs-no").click();
  expect([hub.jobs.jobs.size, bucketOf(hub).size]).toEqual([0, 0]);
  await page.getByTestId("jobs-submit").click();
  await page.getByTestId("jobs-yes").click();

  await expect(page.getByTestId("job-step")).toHaveText("1 of 3");
  await expect(page.getByTestId("job-machine")).toContainText("GPU 1");
  await expect(page.getByTestId("job-log")).toContainText(HOSTILE);
  release();
  await expect(page.getByTestId("job-outcome")).toContainText("The job is done.");
  await expect(page.getByTestId("job-outcome")).toContainText("Spent: 1 min = less than $0.01");
  await expect(page.locator(".jobs-room .chart canvas")).toBeVisible();
  // A job that is done folds its log away.
  const log = (await page.getByTestId("job-log").textContent()) ?? "";
  expect(log.split("Installed 61 packages").length).toBe(2);
  await page.screenshot({ path: info.outputPath("room.png"), fullPage: true });

  await page.getByTestId("job-fetch").click();
  await expect(page.getByTestId("job-fetched")).toContainText("Too few cases for a verdict");
  await expect(page.getByTestId("job-run")).toBeVisible();
  expect(await everythingKept(page)).not.toContain(TOKEN);
  expect(await page.title()).not.toContain("owned");

  await page.getByTestId("to-runs").click();
  const row = page.getByTestId("run-row");
  await expect(row).toContainText("tiny-sft");
  await row.getByTestId("run-more").click();
  await row.getByTestId("run-open").click();
  await page.getByTestId("chat-input").fill("a1");
  await page.getByTestId("chat-send").click();
  await expect(page.getByTestId("chat-output")).not.toHaveText("…");
  expect(behind.filter((line) => !/Failed to load resource|ERR_/.test(line))).toEqual([]);

  await page.reload();
  await page.getByLabel("Rooms").getByRole("link", { name: "Jobs" }).click();
  await expect(page.getByTestId("job-row")).toContainText("done");
  await expect(page.getByTestId("jobs-token")).toHaveValue("");
});

test("a job that is cancelled says what it cost; a schedule is made, paused and deleted", async ({ page }) => {
  hub.jobs.runner = (job) => {
    enter(job, "RUNNING");
    say(job, event({ type: "start", step: 0, steps: 90, tokensMatch: true }));
    say(job, event({ type: "step", step: 7, steps: 90, loss: 2 }));
  };
  await plan(page);
  await submit(page);
  await expect(page.getByTestId("job-step")).toHaveText("7 of 90");
  await page.getByTestId("job-cancel").click();
  await expect(page.getByTestId("job-outcome")).toContainText(/cancelled at step 7.*Spent: 1 min/);
  expect([...hub.jobs.jobs.values()].map(({ stage }) => stage)).toEqual(["CANCELED"]);

  await check(page);
  await page.getByTestId("jobs-when").selectOption("@weekly");
  await page.getByTestId("jobs-submit").click();
  await expect(page.getByTestId("jobs-confirm")).toContainText("Spend at most $0.20 on each run?");
  await page.getByTestId("jobs-yes").click();
  const row = page.getByTestId("schedule-row");
  await expect(row).toContainText("@weekly");
  await row.getByTestId("schedule-pause").click();
  await expect(row).toContainText("paused");
  await row.getByTestId("schedule-delete").click();
  await row.getByTestId("schedule-delete").click();
  await expect(row).toHaveCount(0);
  expect(hub.jobs.scheduled.size).toBe(0);
});

test("what is refused costs nothing and says so: scope, a browser that is not let through, a flavor that is gone", async ({
  page,
}) => {
  hub.uploads.accounts.set("hf_noScope", { name: "me", role: "fineGrained", scoped: ["me"], jobs: false });
  await plan(page);
  await check(page, "hf_noScope");
  await expect(page.getByTestId("check-jobs")).toContainText("lacks the permission to run jobs");
  await expect(page.getByTestId("jobs-submit")).toBeDisabled();

  const asks = `${hub.url}/api/whoami-v2`;
  await page.route(asks, (route) => route.abort("accessdenied"));
  await check(page);
  await expect(page.getByTestId("jobs-refused")).toContainText("from a shell");
  await expect(page.getByTestId("jobs-line")).toContainText("YOUR-NAME/burnish-jobs");
  await page.unroute(asks);

  await check(page);
  await expect(page.getByTestId("jobs-checks")).toHaveAttribute("data-ok", "true");
  hub.jobs.flavors = hub.jobs.flavors.filter(({ name }) => name !== "t4-small");
  await page.getByTestId("jobs-submit").click();
  await page.getByTestId("jobs-yes").click();
  const panel = page.getByTestId("error-panel");
  await expect(panel).toHaveAttribute("data-code", "job/no-flavor");
  await expect(panel).toContainText("Nothing was started or spent");
  expect(hub.jobs.jobs.size).toBe(0);
});

test("a job that dies while loading, a result that does not verify, and one in a folder", async ({ page }, info) => {
  let made: TestJob | undefined;
  hub.jobs.runner = (job) => {
    made = job;
    enter(job, "RUNNING");
    say(job, "Traceback (most recent call last):");
    say(job, "OSError: test/tiny is not a local folder");
    enter(job, "ERROR", "Job failed with exit code: 1");
  };
  await plan(page);
  await submit(page);
  const outcome = page.getByTestId("job-outcome");
  await expect(outcome).toContainText(/died while it was loading: OSError.*Spent: 1 min/);
  await expect(outcome).toContainText("had made nothing yet");
  await page.getByTestId("job-bring").click();
  const panel = page.getByTestId("error-panel");
  await expect(panel).toContainText(/There is no result.json.*Job failed with exit code: 1/);

  if (!made) throw new Error("no job");
  const key = made.spec.volumes?.[0]?.path ?? "";
  await work(hub, made);
  const weights = `${key}/out/adapter/adapter_model.safetensors`;
  const whole = bucketOf(hub).get(weights) ?? Buffer.alloc(0);
  bucketOf(hub).set(weights, Buffer.from(whole.map((byte, i) => (i === 999 ? byte ^ 1 : byte))));
  await page.getByTestId("job-bring").click();
  await expect(panel).toContainText(/does not verify: adapter\/adapter_model.safetensors is not what the job wrote/);
  bucketOf(hub).set(weights, whole);

  const folder = info.outputPath("result");
  for (const [path, body] of bucketOf(hub)) {
    if (!path.startsWith(`${key}/out/`)) continue;
    const file = join(folder, path.slice(`${key}/out/`.length));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, body);
  }
  await page.getByTestId("result-folder").setInputFiles(folder);
  await expect(page.getByTestId("job-fetched")).toBeVisible();
  await page.getByTestId("to-runs").click();
  await expect(page.getByTestId("run-row")).toHaveCount(1);
});
