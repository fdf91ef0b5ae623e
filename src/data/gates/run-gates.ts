/** All gates over all rows, and what a run makes of the findings. */
import { AppError } from "@/errors";
import type { Recipe } from "@/train/recipe";
import type { DataFix, Finding } from "@/worker/api/data";
import { alreadyKnown, tooFew, tooManyEpochs } from "./amount";
import { contradictions, emptyAnswers, imbalance } from "./answers";
import { invisible, mojibake } from "./characters";
import { exactDuplicates, nearDuplicates } from "./duplicates";
import type { Found, Gate, GateContext, GateRow } from "./gate";
import { languageDrift } from "./language";
import { contamination, leakage } from "./leakage";
import { lengthOutliers } from "./lengths";
import { controlTokens, templateMismatch } from "./markers";
import { equalPairs, lengthBias } from "./preference";
import { roleOrder } from "./roles";
import { personal, secrets } from "./secrets";
import { doubleBos, endNeverTrained, noSignal, truncated } from "./signal";

export const GATES: readonly Gate[] = [
  ...[noSignal, truncated, endNeverTrained, doubleBos, roleOrder, templateMismatch, controlTokens],
  ...[leakage, contamination, secrets, emptyAnswers, contradictions, equalPairs, mojibake],
  ...[exactDuplicates, nearDuplicates, imbalance, lengthOutliers, lengthBias, invisible, personal],
  ...[languageDrift, tooFew, tooManyEpochs, alreadyKnown],
];

const SHOWN_ROWS = 50;

/** Red ones first, in the order of the gates. */
export function runGates(rows: readonly GateRow[], context: GateContext): Finding[] {
  return bySeverity(
    GATES.flatMap((gate) => gate.check(rows, context).map((found) => findingOf(gate, found, rows, context.recipe))),
  );
}

const SEVERITIES = ["red", "amber", "note"] as const;

export const bySeverity = (findings: readonly Finding[]): Finding[] =>
  SEVERITIES.flatMap((wanted) => findings.filter(({ severity }) => severity === wanted));

const isRed = ({ severity }: Finding) => severity === "red";

function findingOf(gate: Gate, found: Found, rows: readonly GateRow[], { data }: Recipe): Finding {
  const { severity, message } = found;
  const lines = (held: boolean) =>
    found.rows.flatMap((i) => (rows[i]?.held === held ? [rows[i].line] : [])).slice(0, SHOWN_ROWS);
  const fix = found.fix ?? fixOf(gate, found.rows.length, data.fixes);
  const heldRows = lines(true);
  return {
    ...{ gate: gate.name, title: gate.title, severity, count: found.rows.length, rows: lines(false), message },
    why: gate.why,
    ...(heldRows.length > 0 ? { heldRows } : {}),
    ...(fix ? { fix } : {}),
  };
}

function fixOf({ name, fix }: Gate, count: number, fixes: readonly string[]): DataFix | undefined {
  if (fix === undefined || count === 0 || fixes.includes(name)) return undefined;
  const rows = count === 1 ? "this row" : `these ${count} rows`;
  return { label: fix === "drop" ? `Leave ${rows} out` : `Repair ${rows}`, data: { fixes: [...fixes, name] } };
}

export const gateNamed = (name: string): Gate | undefined => GATES.find((gate) => gate.name === name);

/** Red findings that nobody accepted. */
export function openFindings(findings: readonly Finding[], accepted: readonly string[]): Finding[] {
  return findings.filter((one) => isRed(one) && !accepted.includes(one.gate));
}

/** Throws AppError "dataset/gate" that names each, unless all red ones are accepted. */
export function requireAccepted(findings: readonly Finding[], accepted: readonly string[]): void {
  const open = openFindings(findings, accepted);
  if (open.length === 0) return;
  const names = [...new Set(open.map(({ gate }) => gate))];
  const said = open.map(({ title, message }) => `${title}: ${message}`).join(" ");
  throw new AppError("dataset/gate", `The data should not be trained on as they are. ${said}`, {
    hint: `Correct the rows, or accept by name: ${names.join(", ")}.`,
  });
}
