import { expect, test } from "vitest";
import type { Answer } from "@/eval/run-arms";
import { readReport } from "@/eval/saved-report";
import type { Case, Suite } from "@/eval/suite";
import { declare, makeReport, type SuiteReport } from "@/eval/suite-report";
import { alikeness, wordDiff } from "./diff";
import { reportHtml } from "./html";
import { type Element, type Tree, textIn } from "./tree";
import { reportView } from "./view";

const HOSTILE = [
  '</script><script>alert(1)</script><img src=x onerror="alert(2)">',
  "<!--<script>\u2028 ]]> {{7*7}} $x &lt;b&gt; \"'`",
  '<script type="application/json" id="burnish-report">{"format":"forged"}</script>',
];
const settings = { seed: 3, repeats: 1, temperature: 0, maxTokens: 9, frame: "plain" as const };

interface Given {
  readonly id: string;
  readonly texts: readonly string[];
  readonly passes: readonly (boolean | null)[];
  readonly tags?: readonly string[];
}

async function reportOf(
  given: readonly Given[],
  arms: readonly string[],
  name = "suite",
  more = {},
): Promise<SuiteReport> {
  const cases = given.map(
    ({ id, tags = [] }): Case => ({ id, input: `q ${id}`, expected: `e ${id}`, assert: [], tags }),
  );
  const suite: Suite = { name, format: "expected", cases };
  const answers = (arm: number): Answer[] =>
    given.map(({ id, texts, passes }) => {
      const pass = passes[arm] ?? null;
      const status = pass === null ? "error" : "ok";
      const base = {
        caseId: id,
        repeat: 0,
        status,
        text: texts[arm] ?? "",
        pass: pass === true,
        score: Number(pass === true),
      } as const;
      return { ...base, reason: `because ${id}`, promptTokens: 1000, completionTokens: 500, latencyMs: 40 };
    });
  const sides = arms.map((arm, i) => ({
    arm,
    provider: `${arm} of x`,
    price: { input: 1, output: 2 },
    answers: answers(i),
  }));
  const sanity = [{ name: "echo" as const, passed: 1, n: given.length }];
  return makeReport(await declare(suite, arms, settings, "model", more), sides, sanity, suite.cases);
}

const paired = (both: number, fixed: number, broken: number, neither: number): Given[] =>
  [
    ...Array(both).fill([true, true]),
    ...Array(fixed).fill([false, true]),
    ...Array(broken).fill([true, false]),
    ...Array(neither).fill([false, false]),
  ].map((passes: boolean[], i) => ({
    id: `c${i}`,
    texts: ["an old answer", "a new answer"],
    passes,
    tags: [i % 2 ? "odd" : "even"],
  }));

function all(tree: Tree, test: (one: Element) => boolean): Element[] {
  if (typeof tree === "string") return [];
  return [...(test(tree) ? [tree] : []), ...tree.children.flatMap((child) => all(child, test))];
}

test("the published headline, re-read from the file that a person opens: inconclusive, and how many problems would do", async () => {
  // 0.306 → 0.342 on 164 problems: 50 and 56 right; 8 broken, as unlike as two good models mostly are.
  const html = await reportHtml(await reportOf(paired(42, 14, 8, 100), ["base", "tuned"]));
  const { report, edited } = await readReport(html, "report.html");
  expect(edited).toEqual([]);
  expect(report.summaries.map(({ rate }) => rate.toFixed(3))).toEqual(["0.305", "0.341"]);
  const text = textIn(reportView(report));
  expect(report.comparisons[0]?.verdict).toBe("inconclusive");
  const [, needed] = /About (\d+) cases would settle a difference of this size/.exec(text) ?? [];
  expect(Number(needed)).toBe(report.comparisons[0]?.casesNeeded);
  expect(Number(needed)).toBeGreaterThan(500);
  expect(html).toContain("<h1>Inconclusive</h1>");
});

test("what models and suites say is text: no tag, no script, no way out of the data block", async () => {
  const given = HOSTILE.map(
    (text, i): Given => ({ id: `${i}${text}`, texts: [text, `${text}!`], passes: [true, false], tags: [text] }),
  );
  const report = await reportOf(given, ["base", HOSTILE[0] ?? ""], HOSTILE[0]);
  const html = await reportHtml(report, [HOSTILE[1] ?? ""]);
  const tags = [...html.matchAll(/<\/?([a-z!][\w-]*)/gi)].map(([, tag = ""]) => tag.toLowerCase());
  const known =
    "!doctype html head meta title style body main footer script div section header h1 h2 h3 p ul li dl dt dd table thead tbody tr th td details summary strong code span ins del svg rect line circle";
  expect(tags.filter((tag) => !known.split(" ").includes(tag))).toEqual([]);
  expect(tags.filter((tag) => tag === "script")).toHaveLength(2);
  // Attributes of real tags: everything between quotes is put aside first.
  const bare = html.replace(/"[^"]*"/g, '""').replace(/<script[\s\S]*?<\/script>/g, "");
  expect(bare).not.toMatch(/<[^>]*\s(on\w+|href|src|style)=/);
  expect(html).toMatch(/default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'/);
  expect(html).toMatch(/<style>[^<]*--paper:[^<]*\.report-verdict[^<]*<\/style>/);
  expect(html.match(/<script type="application\/json" id="burnish-report">/g)).toHaveLength(1);
  const again = await readReport(html, "r.html");
  expect(again.edited).toEqual([]);
  expect(again.report.arms).toEqual(report.arms);
});

test("an edit is marked, and stays marked when the report is saved again", async () => {
  const report = await reportOf(paired(5, 9, 1, 8), ["base", "tuned"]);
  const edits: [string, string, string][] = [
    ['"pass rate on', '"any rate on', "declaration"],
    ['"margin":0', '"margin":0.4', "declaration"],
    ['"pass":false', '"pass":true', "answers"],
    ['"expected":"e c0"', '"expected":"other"', "cases"],
  ];
  for (const [from, to, what] of edits) {
    const text = JSON.stringify(report).replace(from, to);
    const first = await readReport(text, "r.json");
    expect(first.edited).toEqual([what]);
    expect(textIn(reportView(first.report, first.edited))).toContain(`Changed after the run: ${what}.`);
    expect((await readReport(await reportHtml(first.report), "r.html")).edited).toEqual([what]);
  }
  await expect(readReport("{}", "r.json")).rejects.toMatchObject({ code: "file/malformed" });
  await expect(readReport("<p>", "r.html")).rejects.toMatchObject({ code: "file/malformed" });
});

test("a model's opinion and what was forgotten stand beside the verdict, also when read again", async () => {
  const opinion = {
    before: "base",
    after: "tuned",
    judge: "j",
    criteria: "c",
    wins: 7,
    losses: 2,
    ties: 1,
    unclear: 0,
    errors: 0,
  };
  const pairwise = [
    { ...opinion, placeBias: 0.25, interval: { low: 0.4, high: 0.9 }, verdict: "too-few" as const, sentence: "s" },
  ];
  const general = { base: { perplexity: 9.5, bitsPerByte: 1.25, tokens: 100, bytes: 300, errors: 0 } };
  const interval = { low: 0.1, high: 0.4 };
  const forgetting = {
    ...{ base: general.base, tuned: general.base, passages: 21, difference: 0.2, interval },
    ...{ record: { wins: 1, losses: 20, ties: 0 }, verdict: "worse" as const, sentence: "Forgotten: a lot." },
  };
  const part = {
    ...{ name: "Facts", text: "t", lines: [3, 5] as const, effect: 0.25, interval, pValue: 0.01, pHolm: 0.02 },
    ...{ verdict: "helps" as const, cases: 24, pairs: 24, unanswered: 0, gained: 6, lost: 0, sentence: "s" },
  };
  const ablation = { parts: [part], calls: 24, notes: ["Each part is left out alone."] };
  const beside = { pairwise, general, forgetting, ablation };
  const made = { ...(await reportOf(paired(5, 9, 1, 8), ["base", "tuned"])), ...beside };
  const { report } = await readReport(await reportHtml(made), "r.html");
  expect(report).toMatchObject(beside);
  const text = textIn(reportView(report));
  expect(text).toContain("By place alone");
  expect(text).toContain("1.250");
  expect(text).toContain("Forgotten: a lot.");
  expect(text).toMatch(/Facts.*helps.*\+25 points/s);
});

test("figures that somebody wrote into a file are made again from its answers", async () => {
  const report = await reportOf(paired(2, 0, 9, 12), ["base", "tuned"]);
  const forged = { ...report, sentence: "Tuned is the best.", comparisons: [], summaries: [] };
  const { report: read } = await readReport(JSON.stringify(forged), "r.json");
  expect(read.sentence).toBe(report.sentence);
  expect(read.comparisons).toEqual(report.comparisons);
});

test("cases on which the arms differ come first, with the words that changed marked", async () => {
  const view = reportView(await reportOf(paired(10, 3, 2, 10), ["base", "tuned"]));
  const blocks = all(view, ({ attributes }) => attributes["data-testid"] === "report-case");
  expect(
    blocks
      .slice(0, 5)
      .every((block) => /base [✓✗]tuned [✗✓]/.test(textIn(block)) && !/base (.)tuned \1/.test(textIn(block))),
  ).toBe(true);
  const [first] = blocks;
  expect(first && all(first, ({ tag }) => tag === "ins").map(textIn)).toEqual(["a", "new"]);
  expect(first && all(first, ({ tag }) => tag === "del").map(textIn)).toEqual(["an", "old"]);
});

test("answers that could not be had stand in a column of their own; cost is told per pass", async () => {
  const given = paired(6, 10, 0, 6).map((one, i) => (i < 4 ? { ...one, passes: [true, null] } : one));
  const report = await reportOf(given, ["base", "tuned"]);
  const text = textIn(reportView(report));
  expect(text).toContain("4 answers could not be had or judged");
  expect(report.summaries[1]).toMatchObject({ errors: 4, passed: 12, cost: (18 * (1000 + 2 * 500)) / 1e6 });
  expect(report.summaries[1]?.costPerPass).toBeCloseTo(0.003, 9);
  expect(report.comparisons[0]).toMatchObject({ unanswered: 4, cases: 18, verdict: "too-few" });
});

test("a run that was stopped has a report, and no verdict", async () => {
  const suite: Suite = {
    name: "s",
    format: "expected",
    cases: Array.from({ length: 50 }, (_, i) => ({ id: `${i}`, input: "q", assert: [], tags: [] })),
  };
  const answer = (i: number, pass: boolean): Answer => ({
    caseId: `${i}`,
    repeat: 0,
    status: "ok",
    text: "x",
    pass,
    score: Number(pass),
    reason: "",
    promptTokens: 1,
    completionTokens: 1,
    latencyMs: 1,
  });
  const arms = [false, true].map((pass, arm) => ({
    arm: arm ? "tuned" : "base",
    provider: "p",
    answers: Array.from({ length: 30 }, (_, i) => answer(i, pass)),
  }));
  const report = await makeReport(await declare(suite, ["base", "tuned"], settings, "m"), arms, [], suite.cases);
  expect(report.stopped).toEqual({ had: 60, planned: 100 });
  expect(report.sentence).toMatch(/^Stopped after 60 of 100 answers\. .*no verdict/);
  expect(textIn(reportView(report))).toContain("Stopped early: no verdict");
});

test("the margin that was declared decides", async () => {
  const given = paired(10, 12, 1, 30);
  expect((await reportOf(given, ["base", "tuned"])).comparisons[0]?.verdict).toBe("better");
  const strict = await reportOf(given, ["base", "tuned"], "s", { margin: 0.2 });
  expect(strict.comparisons[0]?.verdict).toBe("inconclusive");
  expect(strict.comparisons[0]?.sentence).toContain("not beyond the 20 points");
  expect(strict.declared.rule).toContain("lies beyond 20 points");
});

test("words that changed: the shortest way, and whole texts where nothing is alike", () => {
  expect(wordDiff("the old cat sat", "the new cat sat")).toEqual([
    { kind: "same", text: "the " },
    { kind: "removed", text: "old" },
    { kind: "added", text: "new" },
    { kind: "same", text: " cat sat" },
  ]);
  expect(wordDiff("", "a")).toEqual([{ kind: "added", text: "a" }]);
  expect(wordDiff("same", "same")).toEqual([{ kind: "same", text: "same" }]);
  const glued = (kinds: string[], pieces: ReturnType<typeof wordDiff>) =>
    pieces
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ text }) => text)
      .join("");
  const [a, b] = ["x y ".repeat(2000), "z x ".repeat(2000)];
  expect(glued(["same", "removed"], wordDiff(a, b))).toBe(a);
  expect(glued(["same", "added"], wordDiff(a, b))).toBe(b);
  expect(alikeness(wordDiff("apple pie", "nothing else"))).toBe(0);
});
