/** All gates over all rows, and what a run makes of the findings. */
import { AppError } from "@/errors";
import type { Finding } from "@/worker/api";
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
  const findings = GATES.flatMap((gate) => gate.check(rows, context).map((found) => findingOf(gate, found, rows)));
  return [...findings.filter(({ severity }) => severity === "red"), ...findings.filter((one) => one.severity !== "red")];
}

function findingOf(gate: Gate, { severity, rows: at, message, setting }: Found, rows: readonly GateRow[]): Finding {
  const shown = at.slice(0, SHOWN_ROWS).map((i) => ({ line: rows[i]?.line ?? 0, held: rows[i]?.held ?? false }));
  const fix = setting ?? (gate.fix === undefined ? null : `fix:${gate.name}`);
  return { gate: gate.name, title: gate.title, severity, count: at.length, rows: shown, fix, message, why: gate.why };
}

export const gateNamed = (name: string): Gate | undefined => GATES.find((gate) => gate.name === name);

/** Red findings that nobody accepted. */
export function openFindings(findings: readonly Finding[], accepted: readonly string[]): Finding[] {
  return findings.filter(({ severity, gate }) => severity === "red" && !accepted.includes(gate));
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
