/** The room Jobs after the first try: rows that the gates stop, a job that is cut and goes on, and the whole weights of one. */
import { readFileSync } from "node:fs";
import { type Page, expect as plainly, test } from "playwright/test";
import type { TestHub } from "../src/hub/loopback-hub";
import { enter, say } from "../src/hub/loopback-job-state";
import { event } from "../src/offload/test-jobs";
import { bucketOf, startJobHub, TOKEN, work } from "../src/session/test-work";
import { sha256Hex } from "../src/util/sha256";
import { files, fixture, openPage } from "./support";

// A loaded machine is slow between a click and its answer.
const expect = plainly.configure({ timeout: 30_000 });
test.setTimeout(180_000);
test.use({ actionTimeout: 40_000 });

let hub: TestHub;
test.beforeEach(async ({ page }) => {
  hub = await startJobHub();
  await openPage(page, "cpu", `hub=${encodeURIComponent(hub.url)}`);
  await page.getByLabel("Rooms").getByRole("link", { name: "Jobs" }).click();
  await page.getByTestId("jobs-token").fill(TOKEN);
});
test.afterEach(() => hub.close());

async function plan(page: Page, rows: readonly object[]): Promise<void> {
  await page.getByTestId("jobs-model").fill("test/tiny");
  await page
    .getByTestId("jobs-rows-file")
    .setInputFiles({ name: "rows.jsonl", mimeType: "application/jsonl", buffer: files(rows) });
  await page.getByTestId("jobs-plan").click();
  await page.getByTestId("jobs-row-t4-small-lora").check();
}

async function submit(page: Page): Promise<void> {
  await page.getByTestId("jobs-check").click();
  await expect(page.getByTestId("jobs-checks")).toHaveAttribute("data-ok", "true");
  await page.getByTestId("jobs-submit").click();
  await page.getByTestId("jobs-yes").click();
}

const row = (i: number) => ({ prompt: `a${i}`, completion: ` b${i % 5}` });

test("a red finding keeps the rows here until it is accepted by name; an adapter is sent along", async ({ page }) => {
  await plan(
    page,
    Array.from({ length: 40 }, (_, i) => (i === 6 ? { ...row(i), completion: " N/A" } : row(i))),
  );
  await expect(page.getByTestId("finding-empty-answers")).toContainText("stops a run");
  await expect(page.getByTestId("jobs-stopped-by")).toContainText("Answers without content: this stops the run");
  await expect(page.getByTestId("jobs-check")).toHaveCount(0);
  await page.getByTestId("accept-empty-answers").click();
  await expect(page.getByTestId("finding-empty-answers")).toContainText("accepted");
  await expect(page.getByTestId("jobs-stopped-by")).toHaveCount(0);
  await expect(page.getByTestId("jobs-check")).toBeEnabled();
  await page.getByTestId("look-recipe.json").click();
  await expect(page.getByTestId("text-recipe.json")).toContainText('"empty-answers"');

  await page.locator(".jobs-room details.more > summary").click();
  await page.getByLabel("Begins with").selectOption("adapter");
  await expect(page.getByTestId("jobs-plan")).toBeDisabled();
  await expect(page.getByTestId("jobs-start")).toContainText("Give the adapter");
  await page.getByTestId("jobs-start-folder").setInputFiles(fixture("llama-gqa/adapter"));
  await expect(page.getByTestId("jobs-start")).toContainText("Goes on from adapter, which is sent along");
  await page.getByTestId("jobs-plan").click();
  await page.getByTestId("jobs-row-t4-small-lora").check();
  await expect(page.getByTestId("save-adapter_model.safetensors")).toBeVisible();
  await expect(page.getByTestId("jobs-line")).toContainText("--start adapter_config.json adapter_model.safetensors");
});

test("a job that is cancelled goes on in its own folder; the whole weights that it made open as a model", async ({
  page,
}) => {
  hub.jobs.runner = (job) => {
    enter(job, "RUNNING");
    say(job, event({ type: "start", step: 0, steps: 9, tokensMatch: true }));
    say(job, event({ type: "step", step: 7, steps: 9, loss: 2 }));
  };
  await plan(
    page,
    Array.from({ length: 40 }, (_, i) => row(i)),
  );
  await submit(page);
  await expect(page.getByTestId("job-step")).toHaveText("7 of 9");
  await page.getByTestId("job-cancel").click();
  const outcome = page.getByTestId("job-outcome");
  await expect(outcome).toContainText("cancelled at step 7");

  hub.jobs.runner = async (job) => {
    const key = job.spec.volumes?.[0]?.path ?? "";
    const named = await Promise.all(
      ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"].map(async (name) => {
        const body = readFileSync(fixture(`llama-gqa/${name}`));
        bucketOf(hub).set(`${key}/out/model/${name}`, body);
        return { path: `model/${name}`, bytes: body.length, sha256: await sha256Hex(new Uint8Array(body)) };
      }),
    );
    await work(hub, job, (result) => Object.assign(result, { weights: "full", files: named }));
  };
  await outcome.getByTestId("job-again").click();
  await expect(page.getByTestId("again")).toContainText("goes on from its last checkpoint");
  await page.getByTestId("again-minutes").fill("90");
  await page.getByTestId("jobs-check").click();
  await page.getByTestId("jobs-submit").click();
  await expect(page.getByTestId("jobs-confirm")).toContainText("ended after 90 minutes");
  await page.getByTestId("jobs-yes").click();
  await expect(outcome).toContainText("The job is done.");
  const folders = [...hub.jobs.jobs.values()].map(({ spec }) => spec.volumes?.[0]?.path);
  expect(folders).toEqual([folders[0], folders[0]]);

  await page.getByTestId("job-weights").first().click();
  await expect(page.getByTestId("weights")).toContainText("4 files");
  await page.getByTestId("weights-open").click();
  await expect(page.locator("#model .card-summary")).toContainText("parameters");
});
