/** The cases of a report: those on which the arms differ come first and open, each other arm's words beside the first's. */
import type { Answer } from "@/eval/run-arms";
import { byCase } from "@/eval/statistics/clusters";
import { questionText } from "@/eval/suite";
import type { ShownCase, SuiteReport } from "@/eval/suite-report";
import { alikeness, wordDiff } from "./diff";
import { type Element, el, type Tree } from "./tree";

/** The file's JSON has all of them. */
const MOST_DISCORDANT = 150;
const MOST_OTHERS = 60;
const MOST_UNFOLDED = 12;
const MOST_REPEATS = 3;
const MOST_LETTERS = 3_000;

interface Row {
  readonly id: string;
  readonly shown: ShownCase | undefined;
  /** By arm. */
  readonly answers: readonly (readonly Answer[])[];
  /** Greatest difference of pass rates between two arms. */
  readonly spread: number;
}

export function rowsOf({ arms, cases = [] }: SuiteReport): Row[] {
  const known = new Map(cases.map((one) => [one.id, one]));
  const groups = arms.map(({ answers }) => byCase(answers));
  const ids = [...new Set([...known.keys(), ...groups.flatMap((group) => [...group.keys()])])];
  const rows = ids.map((id): Row => {
    const answers = groups.map((group) => group.get(id) ?? []);
    const rates = answers.flatMap((list) => {
      const had = list.filter(isHad);
      return had.length === 0 ? [] : [had.filter(({ pass }) => pass).length / had.length];
    });
    const spread = rates.length < 2 ? 0 : Math.max(...rates) - Math.min(...rates);
    return { id, shown: known.get(id), answers, spread };
  });
  return rows.filter(({ answers }) => answers.some((list) => list.length > 0)).sort((a, b) => b.spread - a.spread);
}

const isHad = ({ status }: Answer) => status !== "error" && status !== "timeout";

export function caseSections(report: SuiteReport): Element[] {
  const rows = rowsOf(report);
  const differing = rows.filter(({ spread }) => spread > 0);
  const alike = rows.filter(({ spread }) => spread === 0);
  const part = (title: string, list: readonly Row[], most: number, open: number) => {
    if (list.length === 0) return [];
    const left = list.length - most;
    const heading = el("h2", {}, `${title} (${list.length})`);
    const blocks = [
      ...list.slice(0, most).map((row, i) => caseBlock(row, report, i < open)),
      ...(left > 0 ? [el("p", { class: "report-soft" }, `${left} more are in the JSON of this report.`)] : []),
    ];
    // Many that tell nothing of the difference would stand between it and what follows.
    const folded = open === 0 && list.length > MOST_UNFOLDED;
    const content = folded
      ? [el("details", { class: "report-alike" }, el("summary", {}, heading), ...blocks)]
      : [heading, ...blocks];
    return [el("section", { class: "report-cases" }, ...content)];
  };
  const several = report.arms.length > 1;
  return [
    ...part("Cases on which the arms differ", differing, MOST_DISCORDANT, 8),
    ...part(several ? "Cases that end the same in every arm" : "Cases", alike, MOST_OTHERS, several ? 0 : 3),
  ];
}

function caseBlock({ id, shown, answers }: Row, { arms }: SuiteReport, open: boolean): Element {
  const marks = arms.map(({ arm }, i) => {
    const list = answers[i] ?? [];
    return el(
      "span",
      { class: "report-mark", "data-state": stateOf(list) },
      `${arm} ${list.length > 1 ? `${list.filter(({ pass }) => pass).length}/${list.length}` : SIGNS[stateOf(list)]}`,
    );
  });
  const question = shown ? questionText(shown) : "";
  const first = answers[0]?.[0];
  return el(
    "details",
    { class: "report-case", "data-testid": "report-case", ...(open ? { open: "" } : {}) },
    el(
      "summary",
      {},
      el(
        "span",
        { class: "report-id" },
        cut(id, 60),
        el("span", { class: "report-soft" }, ` ${cut(question.replace(/\s+/g, " ").trim(), 70)}`),
      ),
      el("span", { class: "report-marks" }, ...marks),
    ),
    question === "" ? null : labelled("Question", said(question)),
    shown?.expected === undefined ? null : labelled("Expected", said(shown.expected)),
    el(
      "div",
      { class: "report-answers" },
      ...arms.map(({ arm }, i) => armAnswers(arm, answers[i] ?? [], i > 0 ? first : undefined)),
    ),
  );
}

type State = "pass" | "fail" | "mixed" | "none";
const SIGNS: Readonly<Record<State, string>> = { pass: "✓", fail: "✗", mixed: "±", none: "no answer" };

function stateOf(answers: readonly Answer[]): State {
  const had = answers.filter(isHad);
  if (had.length === 0) return "none";
  const passed = had.filter(({ pass }) => pass).length;
  return passed === had.length ? "pass" : passed === 0 ? "fail" : "mixed";
}

function armAnswers(arm: string, answers: readonly Answer[], first: Answer | undefined): Element {
  const left = answers.length - MOST_REPEATS;
  const blocks = answers.slice(0, MOST_REPEATS).map((answer, i) => {
    const state = !isHad(answer) ? "none" : answer.pass ? "pass" : "fail";
    const words =
      first && i === 0 && isHad(first) && isHad(answer) ? compared(first.text, answer.text) : said(answer.text);
    const status = answer.status === "ok" ? "" : `${answer.status}. `;
    return el(
      "div",
      { class: "report-answer", "data-state": state },
      isHad(answer) ? words : null,
      el("p", { class: "report-reason" }, `${SIGNS[state]} ${status}${cut(answer.reason, 400)}`),
    );
  });
  return el(
    "div",
    { class: "report-arm" },
    el("h3", {}, arm),
    ...blocks,
    left > 0 ? el("p", { class: "report-soft" }, `${left} more answers`) : null,
  );
}

/** Marked where the two are near enough for marks to help. */
function compared(before: string, after: string): Element {
  const pieces = wordDiff(cut(before, MOST_LETTERS), cut(after, MOST_LETTERS));
  if (before === after || alikeness(pieces) < 0.3) return said(after);
  const words = pieces.map(({ kind, text }): Tree => {
    if (kind === "same") return text;
    return el(kind === "added" ? "ins" : "del", {}, text);
  });
  return el("p", { class: "report-said", dir: "auto" }, ...words);
}

function said(text: string): Element {
  if (text.trim() === "") return el("p", { class: "report-said report-soft" }, "(nothing)");
  return el("p", { class: "report-said", dir: "auto" }, cut(text, MOST_LETTERS));
}

const labelled = (label: string, content: Element) =>
  el("div", { class: "report-labelled" }, el("h3", {}, label), content);

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text);
