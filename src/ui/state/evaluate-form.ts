/** What a person declares before an evaluation. */
import { signal } from "@preact/signals";

export interface EvaluateForm {
  readonly where: "tab" | "server" | "both";
  readonly repeats: number;
  /** For pass@k. */
  readonly k: number;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** How a question is put; "auto": as the suite says, else by the model's chat template where it has one. */
  readonly frame: "auto" | "chat" | "plain";
  readonly metric: "pass rate" | "mean score";
  /** In points. */
  readonly margin: number;
}
export const form = signal<EvaluateForm>({
  ...{
    where: "tab",
    repeats: 1,
    k: 1,
    temperature: 0,
    maxTokens: 64,
    seed: 42,
    frame: "auto",
    metric: "pass rate",
    margin: 0,
  },
});
export function setForm(change: Partial<EvaluateForm>): void {
  form.value = { ...form.value, ...change };
}
