/** What several commands do the same way: say the engine, open the model, train with a bar, answer with a bar. */
import type { CommandContext } from "@/cli/command";
import { modelSource } from "@/cli/files";
import { type Terminal, table } from "@/cli/terminal";
import type { RecipeInput } from "@/train/recipe";
import { timelineRows } from "@/util/timeline-table";
import type { CompareEvent, Comparison } from "@/worker/api/comparison";
import type { DatasetInfo } from "@/worker/api/data";
import type { ModelInfo } from "@/worker/api/model";
import type { RunEvent, RunResult } from "@/worker/api/run";

export async function openModel({ session, terminal, flags }: CommandContext, path: string): Promise<ModelInfo> {
  const { notice } = await session.device();
  process.stderr.write(`${notice}\n`);
  const info = await session.openModel(
    await modelSource(path),
    (done, total, download) => {
      if (!download) return terminal.progress("load", done, total);
      const left = download.secondsLeft === null ? "" : `, ${Math.ceil(download.secondsLeft)} s left`;
      terminal.progress("download", done, total, `${mb(done)} of ${mb(total)} MB${left}`);
    },
    flags["base-dtype"],
  );
  terminal.note(
    `${info.name}: ${(info.parameters / 1e6).toFixed(2)} M parameters, ${info.layers} layers, ${info.weightFormat}`,
  );
  return info;
}

export function describeData(info: DatasetInfo, terminal: Terminal): void {
  terminal.say(`${info.name}: ${info.trainRows} rows to train on, ${info.evalRows} held out (${info.type})`);
  for (const { line, message } of info.faults.slice(0, 5)) process.stderr.write(`  line ${line}: ${message}\n`);
  if (info.faultCount > 5) process.stderr.write(`  … and ${info.faultCount - 5} more lines that could not be used\n`);
  if (info.droppedRows > 0)
    process.stderr.write(`  ${info.droppedRows} rows teach nothing after truncation and are left out\n`);
  if (info.truncatedRows > 0)
    process.stderr.write(`  ${info.truncatedRows} rows are longer than the limit and were cut\n`);
}

type StepEvent = Extract<RunEvent, { type: "step" }>;

/** Trains; step events also go out as JSON lines. */
export function trainWithBar(
  context: CommandContext,
  recipe: RecipeInput,
  steps: number,
  onStep: (event: StepEvent) => void = () => {},
): Promise<RunResult> {
  return context.session.train(recipe, trainingWatcher(context, steps, onStep));
}

/** Shows a run as it goes. The first Ctrl-C ends it after its step and keeps it; a second one ends the process. */
export function trainingWatcher(
  { session, terminal, flags }: CommandContext,
  steps: number,
  onStep: (event: StepEvent) => void = () => {},
): (events: readonly RunEvent[]) => void {
  process.once("SIGINT", () => {
    terminal.note("Stopping after this step; press Ctrl-C again to leave at once.");
    void session.stop();
  });
  return (events) => {
    for (const event of events) {
      if (event.type === "step") {
        const { step, loss, gradNorm, lr, tokensPerSecond, eta, scalars = {} } = event;
        onStep(event);
        terminal.emit({ type: "step", step, loss, gradNorm, lr, tokensPerSecond, ...scalars });
        const left = eta === undefined ? "" : `, ${Math.ceil(eta)} s left`;
        terminal.progress(
          "train",
          step,
          steps,
          `step ${step}/${steps}  loss ${loss.toFixed(3)}${measures(scalars)}  ${Math.round(tokensPerSecond)} tokens/s${left}`,
        );
      } else if (event.type !== "phase") terminal.emit(event);
      if (event.type === "warning") terminal.note(event.message);
      if (event.type === "timeline" && flags.timeline) terminal.note(table(timelineRows(event)));
      if (event.type === "eval") terminal.note(heldOutLine(event));
    }
  };
}

const SHOWN: Readonly<Record<string, string>> = {
  reward: "reward",
  frac_reward_zero_std: "flat groups",
  "rewards/margins": "margin",
  "rewards/accuracies": "accuracy",
};

/** The few scalars that tell how a method goes, for one line. */
function measures(scalars: Readonly<Record<string, number>>): string {
  return Object.entries(SHOWN)
    .flatMap(([name, words]) => (scalars[name] === undefined ? [] : [`  ${words} ${scalars[name].toFixed(2)}`]))
    .join("");
}

function heldOutLine({ step, loss, scalars = {} }: Extract<RunEvent, { type: "eval" }>): string {
  return `held out at step ${step}:${loss === undefined ? "" : `  loss ${loss.toFixed(4)}`}${measures(scalars)}`;
}

export const answering =
  (terminal: Terminal) =>
  ({ arm, done, total }: CompareEvent) =>
    terminal.progress(arm, done, total, `${done} of ${total} answered`);

export function evalLine({ n, base, tuned, cases }: Comparison): object {
  return {
    type: "eval",
    n,
    base: { passed: base.passed },
    tuned: { passed: tuned.passed },
    cases: cases.map(({ prompt, expected, base: from, tuned: to }) => ({ prompt, expected, base: from, tuned: to })),
  };
}

const mb = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

export const percent = (value: number) => `${(100 * value).toFixed(0)} %`;

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
