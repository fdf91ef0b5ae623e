/** Step 4: the run as it goes. Numbers first, then the curves, then the fixed prompts answered again and again. */

import { Beginning } from "@/ui/parts/beginning";
import { BigNumber } from "@/ui/parts/big-number";
import { Card } from "@/ui/parts/card";
import { Chart } from "@/ui/parts/chart";
import { FilePicker } from "@/ui/parts/files";
import { Samples } from "@/ui/parts/samples";
import { gradientFrame, lossFrame, rateFrame, scalarFrames } from "@/ui/state/chart-data";
import { activity, faults, idle } from "@/ui/state/core";
import { bytes, compact, duration, integer, loss, percent } from "@/ui/state/format";
import { goOnAgain, goOnGently } from "@/ui/state/go-on";
import { goOnWithPreferences, openPreferences } from "@/ui/state/journey";
import { control, pausing, runLog, runResult, stopping } from "@/ui/state/run";
import { fractionDone, phaseWords, type RunLog, stepsDone, timeLeft } from "@/ui/state/run-log";

export function RunCard() {
  const log = runLog.value;
  const result = runResult.value;
  const summary = result
    ? `${result.stopped ? "stopped at" : ""} ${result.steps} steps in ${duration(result.seconds)}`.trim()
    : undefined;
  const waitsFor = log === null ? "Start training above, and the run appears here." : null;
  return (
    <Card place="run" step="4" title="Training" summary={summary} done={result !== null} waitsFor={waitsFor}>
      {log && (
        <>
          <AfterFault />
          <RunHead log={log} />
          <RunNumbers log={log} />
          {log.warnings.map((words) => (
            <p key={words} class="panel note">
              {words}
            </p>
          ))}
          <Curves log={log} />
          <Samples sets={log.samples} />
          {log.timeline && <Beginning timeline={log.timeline} />}
          {result?.recipe.method === "sft" && <Preferences />}
        </>
      )}
    </Card>
  );
}

/** What a run that ended badly is offered: the last good state is kept. */
function AfterFault() {
  const code = faults.value.run?.code;
  if (code === "run/diverged") {
    return (
      <button type="button" class="primary" data-testid="go-on-gently" onClick={() => void goOnGently()}>
        Go on at a third of the learning rate
      </button>
    );
  }
  if (code === "run/reward") {
    return (
      <button type="button" class="primary" data-testid="go-on-again" onClick={() => void goOnAgain()}>
        Try again from the last good state
      </button>
    );
  }
  return null;
}

/** What was learned by example is sharpened by pairs of which one is preferred. */
function Preferences() {
  return (
    <div class="panel" data-testid="preferences">
      <div>
        <p class="panel-title">Go on with preferences?</p>
        <p class="soft">
          The same adapter learns which of two answers is better (DPO), judged on pairs that it never saw.
        </p>
      </div>
      <div class="actions">
        <button
          type="button"
          class="quiet"
          data-testid="go-on-preferences"
          disabled={!idle.value}
          onClick={() => void goOnWithPreferences()}
        >
          With the bundled pairs
        </button>
        <FilePicker
          label="With pairs of your own"
          testid="preference-file"
          accept=".jsonl,.json,.csv,.parquet"
          disabled={!idle.value}
          onFiles={([file]) => file && void openPreferences(file)}
        />
      </div>
    </div>
  );
}

function RunHead({ log }: { log: RunLog }) {
  const running = activity.value === "run";
  const phase = running ? phaseWords(log) : log.phase === "done" ? "Finished" : "Ended early";
  const left = running ? timeLeft(log) : "";
  return (
    <div class="run-head">
      <div class="run-progress">
        <p>
          <strong data-testid="phase">{phase}</strong>
          <span class="soft number" data-testid="step-count">
            step {stepsDone(log)} of {log.total}
          </span>
          <span class="soft number end">{left || percent(fractionDone(log))}</span>
        </p>
        <progress aria-label="Training" value={fractionDone(log)} max={1} />
      </div>
      {running && <RunControls paused={log.phase === "paused"} />}
    </div>
  );
}

function RunControls({ paused }: { paused: boolean }) {
  return (
    <div class="actions">
      {paused ? (
        <button type="button" class="primary" data-testid="resume" onClick={() => void control("resume")}>
          Resume
        </button>
      ) : (
        <button
          type="button"
          class="quiet"
          data-testid="pause"
          disabled={stopping.value || pausing.value}
          onClick={() => void control("pause")}
        >
          {pausing.value ? "Pausing…" : "Pause"}
        </button>
      )}
      <button
        type="button"
        class="quiet"
        data-testid="stop"
        disabled={stopping.value}
        onClick={() => void control("stop")}
      >
        {stopping.value ? "Stopping…" : "Stop and keep"}
      </button>
    </div>
  );
}

function RunNumbers({ log }: { log: RunLog }) {
  const last = log.steps.at(-1);
  const held = log.evals.at(-1);
  const before = log.evals[0];
  const { trainableParameters: size, memory } = runResult.value ?? {};
  return (
    <div class="numbers">
      <Feedback log={log} />
      <BigNumber label="Training loss" testid="train-loss" value={last ? loss(last.loss) : "–"} />
      {(held === undefined || Number.isFinite(held.value)) && (
        <BigNumber
          label="Held-out loss"
          testid="eval-loss"
          value={held ? loss(held.value) : "–"}
          note={held && before && held !== before ? `was ${loss(before.value)}` : ""}
        />
      )}
      <BigNumber label="Tokens a second" testid="speed" value={last ? integer(last.tokensPerSecond) : "–"} />
      {size !== undefined && <BigNumber label="Trained parameters" testid="trainable" value={compact(size)} />}
      {memory && (
        <BigNumber
          label="Memory at most"
          testid="memory-peak"
          value={bytes(memory.peak)}
          note={`planned ${bytes(memory.forecast)}`}
        />
      )}
    </div>
  );
}

/** The one number by which a method is judged on held-out rows. Preference is measured against the start: 0 there. */
function Feedback({ log }: { log: RunLog }) {
  const { evals } = log;
  const held = (name: string, at: number) => evals.at(at)?.scalars?.[name];
  const reward = held("reward", -1);
  const gained = held("rewards/accuracies", -1);
  if (reward !== undefined) {
    const was = evals.length > 1 ? `was ${percent(held("reward", 0) ?? 0)}` : "";
    return <BigNumber label="Held-out reward" testid="feedback" value={percent(reward)} note={was} />;
  }
  if (gained === undefined) return null;
  const value = evals.length > 1 ? percent(gained) : "–";
  return <BigNumber label="Chosen gained" testid="feedback" value={value} note="of held-out pairs" />;
}

function Curves({ log }: { log: RunLog }) {
  const scalars = scalarFrames(log);
  const byReward = scalars[0]?.title === "Reward";
  return (
    <div class="curves">
      {!byReward && <Chart kind="loss" title="Loss" frame={lossFrame(log)} total={log.total} />}
      {scalars.map(({ title, ...frame }) => (
        <Chart key={title} kind="gradient" title={title} frame={frame} total={log.total} />
      ))}
      {byReward && <Chart kind="loss" title="Loss (about 0: rewards count)" frame={lossFrame(log)} total={log.total} />}
      <Chart kind="rate" title="Learning rate" frame={rateFrame(log)} total={log.total} />
      <Chart kind="gradient" title="Gradient norm" frame={gradientFrame(log)} total={log.total} />
    </div>
  );
}
