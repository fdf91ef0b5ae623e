/** The tables of a report: arms, pairs, tags, cost, arms without a model. Wide ones scroll inside their own box. */
import { type PairedComparison, points } from "@/eval/paired";
import { wilson } from "@/eval/statistics";
import { byCase } from "@/eval/statistics/clusters";
import type { ArmSummary, SuiteReport } from "@/eval/suite-report";
import { type Attributes, type Element, el, type Tree } from "./tree";
import { count, milliseconds, money, orDash, percent, pText, VERDICTS } from "./words";

const NUMBER: Attributes = { class: "number" };

/** The first cell of each row names it. */
function table(
  title: string,
  head: readonly string[],
  rows: readonly (readonly (Tree | readonly Tree[])[])[],
): Element {
  const cells = (row: readonly (Tree | readonly Tree[])[]) =>
    row.map((cell, i) => {
      const label = head[i] ?? "";
      if (i === 0) return el("th", { scope: "row" }, cell);
      return el("td", label === "" ? NUMBER : { ...NUMBER, "data-label": label }, cell);
    });
  return el(
    "div",
    { class: "report-scroll", role: "region", tabindex: "0", "aria-label": title },
    el(
      "table",
      { class: "report-table" },
      el(
        "thead",
        {},
        el("tr", {}, ...head.map((name) => (name === "" ? el("td", {}) : el("th", { scope: "col" }, name)))),
      ),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...cells(row)))),
    ),
  );
}

export function armsTable({ summaries, declared: { k } }: SuiteReport): Element {
  const many = k > 1 ? [`pass@${k}`, `pass^${k}`] : [];
  const head = ["Arm", "Passed", "Rate", "95 % interval", "", "Errors", "Timeouts", "Empty", "Cut", ...many];
  const rows = summaries.map((one) => [
    [el("strong", {}, one.arm), el("span", { class: "report-under" }, one.provider)],
    `${one.passed} of ${one.answers}`,
    el("strong", {}, percent(one.rate)),
    `${percent(one.interval.low)} to ${percent(one.interval.high)}`,
    rateBar(one),
    ...[one.errors, one.timeouts, one.empty, one.truncated].map((n) =>
      n > 0 ? el("strong", { class: "report-alarm" }, String(n)) : "0",
    ),
    ...(k > 1 ? [one.passAtK, one.passHatK].map((share) => orDash(share, percent)) : []),
  ]);
  return table("Arms", head, rows);
}

/** A rate with its doubt: 0 on the left, 1 on the right. */
function rateBar({ arm, rate, interval }: ArmSummary): Element {
  const x = (share: number) => (Math.min(1, Math.max(0, share)) * 120).toFixed(1);
  const words = `${arm}: ${percent(rate)}, 95 % interval ${percent(interval.low)} to ${percent(interval.high)}`;
  const [low, high] = [x(interval.low), x(interval.high)];
  return el(
    "svg",
    { class: "report-bar", width: "120", height: "16", role: "img", "aria-label": words },
    el("rect", { class: "bar-track", width: "120", height: "16", rx: "4" }),
    el("rect", { class: "bar-fill", width: x(rate), height: "16", rx: "4" }),
    el("line", { x1: low, x2: high, y1: "8", y2: "8" }),
    el("line", { x1: low, x2: low, y1: "4", y2: "12" }),
    el("line", { x1: high, x2: high, y1: "4", y2: "12" }),
  );
}

export function pairsTable({ comparisons }: SuiteReport): Element | null {
  if (comparisons.length === 0) return null;
  const scored = comparisons.some(({ score }) => score !== null);
  const head = [
    "Pair",
    "Verdict",
    "Change",
    "95 % interval",
    "Fixed",
    "Broken",
    "p (McNemar)",
    "Cases needed",
    "Left out",
  ];
  const rows = comparisons.map((one) => [
    el("strong", {}, `${one.after} against ${one.before}`),
    el("span", { class: "report-chip", "data-verdict": one.verdict }, VERDICTS[one.verdict]),
    `${points(one.difference)} points`,
    rangeOf(one),
    ...[one.counts.fixed, one.counts.broken].map(String),
    pText(one.pValue),
    orDash(one.casesNeeded, (n) => `about ${count(n)}`),
    String(one.unanswered),
    ...(scored ? [orDash(one.score, scoreWords)] : []),
  ]);
  return table("Pairs", [...head, ...(scored ? ["Mean score"] : [])], rows);
}

const rangeOf = ({ interval }: { interval: PairedComparison["interval"] }) =>
  `${points(interval.low)} to ${points(interval.high)}`;

function scoreWords(score: NonNullable<PairedComparison["score"]>): string {
  const { wins, losses, ties } = score.record;
  return `${points(score.difference)} (${rangeOf(score)}); ${wins} won, ${losses} lost, ${ties} tied`;
}

/** Weights by skill, where all four arms ran. */
export function twoByTwo({ summaries }: SuiteReport): Element | null {
  const of = (...names: string[]) => summaries.find(({ arm }) => names.includes(arm));
  const [base, tuned] = [of("base"), of("tuned")];
  const [skill, both] = [of("skill", "base+skill"), of("tuned+skill")];
  if (!base || !tuned || !skill || !both) return null;
  const cell = (one: ArmSummary) => [
    el("strong", {}, percent(one.rate)),
    ` ${percent(one.interval.low)} to ${percent(one.interval.high)}`,
  ];
  return table(
    "Weights by skill",
    ["", "No skill", "With the skill"],
    [
      ["Base weights", cell(base), cell(skill)],
      ["Tuned weights", cell(tuned), cell(both)],
    ],
  );
}

/** Tags of the cases, where there are any: rates only, since so many small questions have no verdict of their own. */
export function tagsTable({ arms, cases = [] }: SuiteReport): Element | null {
  const tags = [...new Set(cases.flatMap((one) => one.tags))];
  if (tags.length === 0) return null;
  const rows = tags.slice(0, MOST_TAGS).map((tag) => {
    const ids = new Set(cases.filter((one) => one.tags.includes(tag)).map(({ id }) => id));
    const rates = arms.map(({ answers }) => {
      const had = answers.filter((one) => ids.has(one.caseId) && one.status !== "error" && one.status !== "timeout");
      const groups = [...byCase(had).values()];
      const rate = groups.reduce((sum, group) => sum + group.filter(({ pass }) => pass).length / group.length, 0);
      if (groups.length === 0) return "–";
      const { low, high } = wilson(rate, groups.length);
      return `${percent(rate / groups.length)} (${percent(low)} to ${percent(high)})`;
    });
    return [tag, count(ids.size), ...rates];
  });
  return table("Tags", ["Tag", "Cases", ...arms.map(({ arm }) => arm)], rows);
}

const MOST_TAGS = 100;

export function costTable({ summaries }: SuiteReport): Element {
  const priced = summaries.some(({ cost }) => cost !== null);
  const head = [
    "Arm",
    "Tokens in",
    "Tokens out",
    "Time, median",
    "Time, 95th percentile",
    ...(priced ? ["Cost", "Cost per pass"] : []),
  ];
  const rows = summaries.map((one) => [
    one.arm,
    orDash(one.tokensIn, count),
    orDash(one.tokensOut, count),
    orDash(one.latencyMs, ({ median }) => milliseconds(median)),
    orDash(one.latencyMs, ({ p95 }) => milliseconds(p95)),
    ...(priced ? [orDash(one.cost, money), orDash(one.costPerPass, money)] : []),
  ]);
  return table("Cost", head, rows);
}

const WITHOUT_MODEL = {
  majority: "The commonest expected answer",
  echo: "The question itself",
  empty: "Nothing",
};

export function sanityTable({ sanity }: SuiteReport): Element | null {
  if (sanity.every(({ n }) => n === 0)) return null;
  const rows = sanity.map(({ name, passed, n }) => [WITHOUT_MODEL[name], `${passed} of ${n}`]);
  return table("Without a model", ["Answer", "Passed"], rows);
}

/** A model's opinion of the same pairs; beside the verdict, never instead of it. */
export function judgedTable({ pairwise = [] }: SuiteReport): Element | null {
  if (pairwise.length === 0) return null;
  const rows = pairwise.map((one) => [
    el("strong", {}, `${one.after} against ${one.before}`),
    el("span", { class: "report-chip", "data-verdict": one.verdict }, VERDICTS[one.verdict]),
    ...[one.wins, one.losses, one.ties, one.unclear, one.errors].map(String),
    orDash(one.placeBias, percent),
    one.judge,
  ]);
  const head = ["Pair", "Opinion", "Won", "Lost", "Tied", "Unclear", "Errors", "By place alone", "Judge"];
  return table("A model's opinion", head, rows);
}

/** Metrics that the suite names, and what of pass rate and score does not decide. */
export function secondaryTable({ secondary }: SuiteReport): Element | null {
  if (secondary.length === 0) return null;
  const rows = secondary.map((one) => [
    [el("strong", {}, one.metric), el("span", { class: "report-under" }, `${one.after} against ${one.before}`)],
    ...one.means.map((share) => percent(share)),
    `${points(one.difference)} points`,
    rangeOf(one),
    ...[pText(one.pValue), pText(one.pHolm), count(one.cases)],
  ]);
  const head = ["Metric", "Before", "After", "Change", "95 % interval", "p", "p (Holm)", "Cases"];
  return table("Secondary metrics", head, rows);
}

/** Which part of the skill helps: every case once more without it. */
export function ablationTable({ ablation }: SuiteReport): Element | null {
  if (!ablation) return null;
  const rows = ablation.parts.map((one) => [
    el("strong", {}, one.name),
    el("span", { class: "report-chip", "data-verdict": PART_VERDICTS[one.verdict] }, one.verdict),
    `${points(one.effect)} points`,
    rangeOf(one),
    ...[pText(one.pHolm), count(one.gained), count(one.lost), `${one.lines[0]}–${one.lines[1]}`],
  ]);
  const head = ["Part", "Verdict", "With it", "Interval", "p (Holm)", "Gained", "Lost", "Lines"];
  return table("Parts of the skill", head, rows);
}

const PART_VERDICTS = { helps: "better", hurts: "worse", "cannot tell": "inconclusive" };

/** How much general text surprises each arm: what may have been forgotten. */
export function generalTable({ general }: SuiteReport): Element | null {
  if (!general) return null;
  const rows = Object.entries(general).map(([arm, { perplexity, bitsPerByte, tokens }]) => [
    ...[arm, bitsPerByte.toFixed(3), perplexity.toFixed(2), count(tokens)],
  ]);
  return table("General text", ["Arm", "Bits per byte", "Perplexity", "Tokens"], rows);
}
