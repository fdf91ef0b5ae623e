/** Arms over a suite: who answers, what stands before the question, what was declared, and the report that came of it. */
import { computed, signal } from "@preact/signals";
import { parseArm } from "@/eval/arms";
import type { SavedReport } from "@/eval/saved-report";
import type { SuiteReport } from "@/eval/suite-report";
import { adapterCount, onnxModels, othersOf, server, serverFault } from "@/ui/state/answerers";
import { attempt, session } from "@/ui/state/core";
import { form } from "@/ui/state/evaluate-form";
import { model } from "@/ui/state/model";
import { previousSlot, skillSlot } from "@/ui/state/skill";
import { suite } from "@/ui/state/suite";

export const ARMS = [
  ["base", "Base", "the model as it is"],
  ["tuned", "Tuned", "with its adapter"],
  ["skill", "Base + skill", "the skill before each question"],
  ["tuned+skill", "Tuned + skill", "both"],
  ["placebo", "Base + placebo", "text about something else, of the same length"],
  ["tuned+placebo", "Tuned + placebo", "the same, with the adapter"],
  ["previous", "Base + previous skill", "an earlier version of it"],
  ["tuned+previous", "Tuned + previous skill", "the same, with the adapter"],
] as const;
export type ArmName = (typeof ARMS)[number][0];

/** Why an arm cannot run now; null: it can. */
export function lacks(name: ArmName): string | null {
  const { weights, context } = parseArm(name);
  if (weights === "tuned" && !form.value.tab) return "only the model in this tab has an adapter";
  if (weights === "tuned" && adapterCount.value === 0) return "needs an adapter";
  if ((context === "skill" || context === "placebo") && skillSlot.text.value === "") return "needs a skill";
  return context === "previous" && previousSlot.text.value === "" ? "needs a previous skill" : null;
}

/** What a person switched on or off; everything else follows from what is there. */
export const wished = signal<Partial<Record<ArmName, boolean>>>({});
const USUAL: readonly ArmName[] = ["base", "tuned", "skill", "tuned+skill", "placebo"];

/** In the order of the list; the first is what the others are compared with. */
export const arms = computed<readonly ArmName[]>(() =>
  ARMS.map(([name]) => name).filter((name) => lacks(name) === null && (wished.value[name] ?? USUAL.includes(name))),
);

/** What nobody can answer for; null: somebody can. */
export const answererObstacle = computed<string | null>(() => {
  const { tab, server: asked, onnx } = form.value;
  if (!tab && !asked && !onnx) return "Choose who answers.";
  if (tab && model.value === null) return "Open a model first.";
  const fault = asked ? serverFault(server.value) : null;
  return fault ?? (onnx && onnxModels.value.length === 0 ? "Give an ONNX model." : null);
});

/** What still stands in the way; null: it can start. */
export const obstacle = computed<string | null>(() => {
  const { repeats, k } = form.value;
  if (answererObstacle.value !== null) return answererObstacle.value;
  if (skillSlot.reading.value || previousSlot.reading.value) return "The skill is being read.";
  if (suite.value === null) return "Choose a suite, or write cases.";
  if (arms.value.length === 0) return "Choose at least one arm.";
  return k > repeats ? `pass@${k} needs ${k} answers to a case.` : null;
});

/** Of all who answer: servers and ONNX models have no tuned arms, adapters of kept runs no others. */
const armCount = computed(() => {
  const { tab, server: asked, onnx } = form.value;
  const plain = arms.value.filter((name) => parseArm(name).weights === "base").length;
  const tuned = arms.value.length - plain;
  const own = tab ? plain + tuned * adapterCount.value : 0;
  return own + plain * ((asked ? 1 : 0) + (onnx ? onnxModels.value.length : 0));
});

export interface EvaluateProgress {
  /** Answers of each arm so far. */
  readonly done: Readonly<Record<string, number>>;
  readonly total: number;
}
export const progress = signal<EvaluateProgress | null>(null);
export const stopping = signal(false);
/** Made here, or opened from a file. */
export const result = signal<SavedReport | null>(null);

export function evaluate(): Promise<boolean> {
  return attempt("evaluate", async () => {
    if (suite.value === null) return;
    const { repeats, k, temperature, maxTokens, seed, frame, metric, margin } = form.value;
    const names = arms.value;
    result.value = null;
    stopping.value = false;
    progress.value = { done: {}, total: armCount.value * suite.value.cases.length * repeats };
    try {
      const ask = {
        ...{ suite: suite.value, arms: names, k },
        settings: { seed, repeats, temperature, maxTokens, ...(frame === "auto" ? {} : { frame }) },
        ...{ metric, margin: margin / 100, own: form.value.tab, others: othersOf(), general: form.value.general },
        contexts: {
          ...(skillSlot.text.value === "" ? {} : { skill: skillSlot.text.value }),
          ...(previousSlot.text.value === "" ? {} : { previous: previousSlot.text.value }),
        },
      };
      const report = await session().evaluateSuite(ask, ({ arm, done }) => {
        const now = progress.value;
        // Calls from the worker may arrive after its answer.
        if (now !== null) progress.value = { ...now, done: { ...now.done, [arm]: done } };
      });
      result.value = { report, edited: [] };
    } finally {
      progress.value = null;
    }
  });
}

export function stopEvaluation(): void {
  stopping.value = true;
  void session().stop();
}

/** A report that was saved, as .json or as .html. */
export function openReport(file: File): Promise<boolean> {
  return attempt("evaluate", async () => {
    const { readReport } = await import("@/eval/saved-report");
    result.value = await readReport(await file.text(), file.name);
  });
}

export async function htmlOf({ report, edited }: SavedReport): Promise<Blob> {
  const { reportHtml } = await import("@/eval/report-view/html");
  return new Blob([await reportHtml(report, edited)], { type: "text/html" });
}

export const jsonOf = ({ report }: SavedReport): Blob =>
  new Blob([`${JSON.stringify(report)}\n`], { type: "application/json" });

/** "commands-eval-2026-11-21": what a report's files are called after. */
export function nameOf({ declared }: SuiteReport): string {
  const plain = declared.suite.name.replace(/\.\w+$/, "").replace(/[^\p{L}\p{N}]+/gu, "-");
  return `${plain.slice(0, 60) || "evaluation"}-report`;
}
