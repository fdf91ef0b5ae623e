/** The room Evaluate as a person meets it: cases, arms, a verdict, a report in one file that opens again. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Download, expect, type Page, test } from "playwright/test";
import { startTeacher } from "../src/skill/generate/teacher-server";
import { everythingKept, openPage } from "./support";

const feelings = readFileSync(new URL("../public/datasets/feelings.eval.jsonl", import.meta.url), "utf8");
const HOSTILE = `<img src=x onerror="document.title='owned'"></script><script>document.title='owned'</script>`;

const textOf = async (download: Promise<Download>): Promise<string> =>
  readFileSync(await (await download).path(), "utf8");

async function openReport(page: Page, name: string, text: string): Promise<void> {
  const buffer = Buffer.from(text);
  await page.getByTestId("report-file").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
}

test("weights by skill on a suite: a verdict, a report that works without scripts and opens again, edits marked", async ({
  page,
  context,
}, info) => {
  test.setTimeout(300_000);
  const faults = await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  await page.getByTestId("open-feelings").click();
  await expect(page.getByTestId("start-training")).toBeEnabled({ timeout: 30_000 });
  await page.getByTestId("start-training").click();
  await expect(page.getByTestId("phase")).toHaveText("Finished", { timeout: 150_000 });

  await page.getByLabel("Rooms").getByRole("link", { name: "Evaluate" }).click();
  await expect(page.getByTestId("evaluate-model")).toContainText("with an adapter");
  const rows = feelings.trim().split("\n").slice(0, 40).join("\n");
  await page
    .getByTestId("suite-file")
    .setInputFiles({ name: "feelings.jsonl", mimeType: "text/plain", buffer: Buffer.from(rows) });
  await expect(page.getByTestId("suite-open")).toContainText("40 cases");
  await expect(page.getByTestId("power-meter")).toContainText("40 cases can show a gain of");
  await page.getByTestId("case-question").fill(`Text: ${HOSTILE}\nFeeling:`);
  await page.getByTestId("case-expected").fill("happy");
  await page.getByTestId("add-case").click();
  await expect(page.getByTestId("power-meter")).toContainText("41 cases");
  await page.getByTestId("skill-text").fill("---\nname: feelings\ndescription: One word.\n---\nAnswer with one word.");
  await expect(page.getByTestId("skill-size")).toContainText("It fits");
  await page.getByTestId("arm-placebo").uncheck();
  await page.getByTestId("evaluate-maxTokens").fill("16");
  await page.getByTestId("evaluate-start").click();
  const verdict = page.getByTestId("report-sentence");
  await expect(verdict).toContainText(/Against base on the same 41 cases, tuning alone gives \+\d+ points \(better\)/, {
    timeout: 90_000,
  });
  const sentence = await verdict.innerText();
  await expect(page.getByTestId("report")).toContainText("SHA-256 of the adapter");
  await page.screenshot({ path: info.outputPath("room.png"), fullPage: true });

  const download = page.waitForEvent("download");
  await page.getByTestId("report-html").click();
  const file = await textOf(download);
  const saved = await context.newPage();
  const behind: string[] = [];
  saved.on("console", (message) => behind.push(message.text()));
  saved.on("request", (request) => behind.push(request.url()));
  await saved.setContent(file);
  await expect(saved.getByTestId("report-sentence")).toHaveText(sentence);
  expect(await saved.title()).not.toBe("owned");
  expect(await saved.locator("img, iframe, a, script:not([type='application/json'])").count()).toBe(0);
  expect(await saved.evaluate(() => getComputedStyle(document.querySelector("h1") as Element).fontFamily)).toMatch(
    /serif/i,
  );
  for (const width of [1280, 390]) {
    await saved.setViewportSize({ width, height: 900 });
    expect(await saved.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
  expect(behind).toEqual([]);

  await page.reload();
  await expect(page.getByTestId("report-file")).toBeEnabled({ timeout: 30_000 });
  await openReport(page, "report.html", file);
  await expect(page.getByTestId("report-sentence")).toHaveText(sentence);
  await expect(page.getByTestId("report-edited")).toHaveCount(0);
  const edited = file.replace('"text":"', `"text":${JSON.stringify(HOSTILE).replaceAll("<", "\\u003c").slice(0, -1)}`);
  await openReport(page, "report.html", edited);
  await expect(page.getByTestId("report-edited")).toContainText("Changed after the run: answers");
  await expect(page.getByTestId("report")).toContainText("onerror=");
  expect(await page.locator("main img").count()).toBe(0);
  expect(await page.title()).not.toContain("owned");
  await openReport(page, "report.json", "{}");
  await expect(page.getByTestId("error-panel")).toContainText("is no saved evaluation");
  expect(faults).toEqual([]);
});

test("a run that is stopped keeps what was answered, and says that it is no verdict", async ({ page }) => {
  const faults = await openPage(page, "cpu");
  await page.getByLabel("Rooms").getByRole("link", { name: "Evaluate" }).click();
  await page.getByTestId("evaluate-ember").click();
  await page.getByTestId("suite-commands").click();
  await page.getByTestId("evaluate-repeats").fill("20");
  await page.getByTestId("evaluate-temperature").fill("0.8");
  await expect(page.getByTestId("evaluate-start")).toBeEnabled({ timeout: 20_000 });
  await page.getByTestId("evaluate-start").click();
  await expect(page.getByTestId("evaluate-progress")).toContainText(/[1-9]\d+ of 1920 answers/, { timeout: 60_000 });
  await page.getByTestId("evaluate-stop").click();
  await expect(page.getByTestId("report-verdict")).toContainText("Stopped early: no verdict", { timeout: 60_000 });
  await expect(page.getByTestId("report-sentence")).toContainText(/Stopped after \d+ of 1920 answers/);
  expect(faults).toEqual([]);
});

/** Answers like OpenAI's API: hostile text to most questions, a fault that stays to every fifth, 429 once to each. */
async function startServer(): Promise<{ url: string; keys: Set<string>; close: () => void }> {
  const keys = new Set<string>();
  const seen = new Set<string>();
  const server = createServer(async (request, response) => {
    const cors = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "authorization, content-type" };
    if (request.method === "OPTIONS") return void response.writeHead(204, cors).end();
    let body = "";
    for await (const piece of request) body += piece;
    keys.add(request.headers.authorization ?? "");
    const question: string = JSON.parse(body).messages.at(-1).content;
    if (!seen.has(body)) {
      seen.add(body);
      return void response.writeHead(429, { ...cors, "Retry-After": "0" }).end();
    }
    const number = Number(/\d+/.exec(question)?.[0]);
    if (number % 5 === 0) return void response.writeHead(400, cors).end("{}");
    const choices = [{ message: { content: `${HOSTILE} answer ${number}` }, finish_reason: "stop" }];
    const usage = { prompt_tokens: 10, completion_tokens: 5 };
    response.writeHead(200, { ...cors, "content-type": "application/json" }).end(JSON.stringify({ choices, usage }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, keys, close: () => server.close() };
}

test("a server on this machine: its faults have their column, its text stays text, the key is kept nowhere", async ({
  page,
  context,
}) => {
  const server = await startServer();
  const key = "sk-very-secret-0123";
  try {
    await openPage(page, "cpu");
    await page.getByLabel("Rooms").getByRole("link", { name: "Evaluate" }).click();
    await page.getByTestId("evaluate-tab").uncheck({ force: true });
    await page.getByTestId("evaluate-server").check({ force: true });
    await page.getByTestId("server-baseUrl").fill(server.url);
    await page.getByTestId("server-model").fill("loud");
    await page.getByTestId("server-key").fill(key);
    await page.getByTestId("server-priceIn").fill("2");
    await page.getByTestId("server-priceOut").fill("10");
    const cases = Array.from({ length: 25 }, (_, i) => ({
      input: `question ${i + 1}`,
      expected: `${HOSTILE} answer ${i + 1}`,
    }));
    const buffer = Buffer.from(cases.map((one) => JSON.stringify(one)).join("\n"));
    await page.getByTestId("suite-file").setInputFiles({ name: "loud.jsonl", mimeType: "text/plain", buffer });
    await page.getByTestId("skill-text").fill("Be loud.");
    await expect(page.getByTestId("arm-placebo")).toBeChecked();
    await page.getByTestId("arm-placebo").uncheck();
    await page.getByTestId("evaluate-start").click();
    const report = page.getByTestId("report");
    await expect(report).toContainText("10 answers could not be had or judged", { timeout: 60_000 });
    await expect(report).toContainText("20 of 25");
    await expect(report).toContainText("Cost per pass");
    await expect(report).toContainText("onerror=");
    expect(await page.locator("main img").count()).toBe(0);
    expect(await page.title()).not.toContain("owned");
    expect([...server.keys]).toEqual([`Bearer ${key}`]);

    const download = page.waitForEvent("download");
    await page.getByTestId("report-html").click();
    const file = await textOf(download);
    expect(file).not.toContain(key);
    const saved = await context.newPage();
    await saved.setContent(file);
    await expect(saved.getByTestId("report")).toContainText("onerror=");
    expect(await saved.title()).not.toBe("owned");
    expect(await saved.locator("img").count()).toBe(0);

    expect(await everythingKept(page)).not.toContain(key);
    await page.reload();
    await page.getByTestId("evaluate-server").check({ force: true });
    await expect(page.getByTestId("server-key")).toHaveValue("");
  } finally {
    server.close();
  }
});

test("a skill is written by one model and read by another; its seen and unseen halves are told apart, and it is taken away", async ({
  page,
}) => {
  const draft = (rule: string) => `---\nname: lamps\ndescription: About lamps.\n---\n\n${rule}\n\n${HOSTILE}\n`;
  const cases = Array.from({ length: 48 }, (_, i) => ({
    input: `What is lamp ${i}?`,
    expected: { contains: ["zug"] },
  }));
  const server = await startTeacher(({ model, messages }) => {
    const text = messages.map(({ content }) => content).join("\n");
    if (model === "reader") return text.includes("Always zug") ? "Zug." : "No idea.";
    if (text.includes("test cases")) return JSON.stringify({ cases });
    return draft(text.includes("This is the skill as it stands") ? "Always zug." : "Be kind.");
  });
  const faults = await openPage(page, "cpu");
  try {
    await page.getByLabel("Rooms").getByRole("link", { name: "Evaluate" }).click();
    await page.getByTestId("evaluate-tab").uncheck({ force: true });
    await page.getByTestId("evaluate-server").check({ force: true });
    await page.getByTestId("server-baseUrl").fill(server.url);
    await page.getByTestId("server-model").fill("reader");
    await page.getByTestId("write-skill").locator("summary").first().click();
    await page.getByTestId("write-task").fill("Name our lamps.");
    await expect(page.getByTestId("write-start")).toBeDisabled();
    await page.getByTestId("teacher-baseUrl").fill(server.url);
    await page.getByTestId("teacher-model").fill("writer");
    await page.getByTestId("write-start").click();
    const made = page.getByTestId("made");
    await expect(made.getByTestId("made-seen")).toContainText(/^0, then (\d+) of \1 pass/, { timeout: 30_000 });
    await expect(made.getByTestId("made-unseen")).toContainText(
      /Without it 0 of (\d+), with it \1 of \1, with a placebo 0/,
    );
    await expect(page.getByTestId("report")).toContainText("reporting half");
    const asked = server.asked
      .filter(({ model }) => model === "writer")
      .map(({ messages }) => JSON.stringify(messages));
    const shown = asked.filter((text) => text.includes("This is the skill as it stands"));
    expect(shown).toHaveLength(1);

    const skill = page.waitForEvent("download");
    await page.getByTestId("made-save").click();
    expect(await textOf(skill)).toContain("Always zug.");
    const zip = page.waitForEvent("download");
    await page.getByTestId("made-zip").click();
    for (const path of ["lamps/SKILL.md", "lamps/skill_meta.json", "lamps/evals/evals.json", "runs/results.csv"]) {
      expect(await textOf(zip)).toContain(path);
    }
    await page.getByTestId("made-use").click();
    await expect(page.getByTestId("skill-text")).toHaveValue(/Always zug/);
    await expect(page.getByTestId("suite-open")).toContainText("reporting half");
    await expect(page.getByTestId("arm-skill")).toBeChecked();
    expect(await page.locator("main img").count()).toBe(0);
    expect(await page.title()).not.toContain("owned");
    expect(faults).toEqual([]);
  } finally {
    server.close();
  }
});
