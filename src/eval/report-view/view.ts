/** A report as a tree: the verdict in words, then what it rests on, from the arms down to single answers and hashes. */
import type { SuiteReport } from "@/eval/suite-report";
import { caseSections } from "./cases";
import {
  ablationTable,
  armsTable,
  costTable,
  generalTable,
  judgedTable,
  pairsTable,
  sanityTable,
  secondaryTable,
  tagsTable,
  twoByTwo,
} from "./tables";
import { type Element, el, type Tree } from "./tree";
import { headlineOf, percent } from "./words";

/** `edited`: what was changed after the run, as `readReport` found it. */
export function reportView(report: SuiteReport, edited: readonly string[] = []): Element {
  return el(
    "div",
    { class: "report", "data-testid": "report" },
    verdict(report, edited),
    section("Arms", armsTable(report), missingNote(report)),
    section("Weights by skill", twoByTwo(report)),
    section("Pairs", pairsTable(report)),
    section(
      "Measured beside it",
      secondaryTable(report),
      "These decide nothing. p (Holm) is adjusted for all of them together.",
    ),
    section("Which part of the skill helps", ablationTable(report), report.ablation?.notes.join(" ") ?? null),
    section("A model’s opinion", judgedTable(report), "Asked blind and in both orders; it decides nothing."),
    ...caseSections(report),
    section(
      "By tag",
      tagsTable(report),
      "Rates with Wilson's 95 % intervals; a part of a suite gets no verdict of its own.",
    ),
    section("Tokens, time and cost", costTable(report)),
    section(
      "What may have been forgotten",
      generalTable(report),
      report.forgetting?.sentence ?? "Loss on general text that is bundled.",
    ),
    section("Answers without a model", sanityTable(report), "A suite that these pass measures little."),
    section("Declared before the first answer", declared(report)),
  );
}

function verdict(report: SuiteReport, edited: readonly string[]): Element {
  const {
    comparisons,
    sentence,
    power,
    notes,
    declared: { suite, model },
  } = report;
  const [only] = comparisons;
  const kind = report.stopped ? "stopped" : comparisons.length === 1 && only ? only.verdict : "several";
  const each = comparisons.length > 1 ? comparisons.map((one) => el("li", {}, one.sentence)) : [];
  // Several pairs without a sentence of their own: a line each.
  const listed = !report.stopped && each.length > 0 && comparisons.every((one) => sentence.includes(one.sentence));
  return el(
    "header",
    { class: "report-verdict", "data-verdict": kind, "data-testid": "report-verdict" },
    edited.length === 0
      ? null
      : el(
          "p",
          { class: "report-edited", role: "alert", "data-testid": "report-edited" },
          `Changed after the run: ${edited.join(", ")}. What was declared or answered is not what this file says; do not rely on it.`,
        ),
    el("p", { class: "report-soft" }, `${suite.name} · ${model}`),
    el("h1", {}, headlineOf(report)),
    listed
      ? el("ul", { class: "report-list report-sentence", "data-testid": "report-sentence" }, ...each)
      : el("p", { class: "report-sentence", "data-testid": "report-sentence" }, sentence),
    listed || each.length === 0 ? null : el("ul", { class: "report-list" }, ...each),
    el("ul", { class: "report-notes" }, ...[power, ...notes].map((note) => el("li", {}, note))),
  );
}

function section(title: string, content: Element | null, note: string | null = null): Element | null {
  if (content === null) return null;
  return el(
    "section",
    {},
    el("h2", {}, title),
    content,
    note === null ? null : el("p", { class: "report-soft" }, note),
  );
}

function missingNote({ arms }: SuiteReport): string | null {
  const all = arms.flatMap(({ answers }) => answers);
  const missing = all.filter(({ status }) => status === "error" || status === "timeout").length;
  if (missing === 0) return null;
  const which =
    missing === 1
      ? "1 answer could not be had or judged. It is"
      : `${missing} answers could not be had or judged. They are`;
  return `${which} in no arm's rate, and a pair that lacks one is left out.`;
}

function declared(report: SuiteReport): Element {
  const { declared: said, declaredSha256, answersSha256 } = report;
  const { settings, suite } = said;
  const items: [string, Tree][] = [
    ["Metric", said.metric],
    ["Rule", said.rule],
    ["Smallest gain that counts", said.margin === 0 ? "any" : percent(said.margin)],
    ["Suite", `${suite.name}: ${suite.cases} cases, ${suite.format}`],
    ["Arms", said.arms.join(", ")],
    ["Answers to a case", String(settings.repeats)],
    ["Temperature", String(settings.temperature)],
    ["Longest answer", `${settings.maxTokens} tokens`],
    ["Frame", settings.frame === "chat" ? "the model's chat template" : "plain text"],
    ["Seed", String(settings.seed)],
    ["Model", said.model],
    ...Object.entries(said.hashes).map(([name, hash]): [string, Tree] => [
      name,
      hash === null ? "not known" : el("code", {}, hash),
    ]),
    ["SHA-256 of the cases", el("code", {}, suite.sha256)],
    ["SHA-256 of what is declared here", el("code", {}, declaredSha256)],
    ["SHA-256 of the answers", el("code", {}, answersSha256)],
  ];
  return el(
    "dl",
    { class: "report-facts" },
    ...items.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}
