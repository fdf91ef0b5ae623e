/** What a person declares before an evaluation. */
import { signal } from "@preact/signals";

export interface EvaluateForm {
  /** Who answers: the model of the tab, a server, ONNX models; all that are on share one table. */
  readonly tab: boolean;
  readonly server: boolean;
  readonly onnx: boolean;
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
  /** Also the loss on general text, base and tuned. */
  readonly general: boolean;
}
export const form = signal<EvaluateForm>({
  ...{
    tab: true,
    server: false,
    onnx: false,
    repeats: 1,
    k: 1,
    temperature: 0,
    maxTokens: 64,
    seed: 42,
    frame: "auto",
    metric: "pass rate",
    margin: 0,
    general: false,
  },
});
export function setForm(change: Partial<EvaluateForm>): void {
  form.value = { ...form.value, ...change };
}
