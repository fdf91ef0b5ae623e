/** The room in which a machine is measured: what to measure, for how long, and what came out. */
import { BenchResults } from "@/ui/parts/bench-results";
import { ErrorPanel } from "@/ui/parts/error-panel";
import { Progress } from "@/ui/parts/progress";
import {
  BENCH_MODELS,
  type BenchModel,
  BUDGETS,
  benchGrowth,
  benchModels,
  benchNote,
  benchReport,
  benchSeconds,
  runBench,
  stopBench,
  toggleModel,
} from "@/ui/state/bench";
import { activity, idle } from "@/ui/state/core";

export function Bench() {
  const measuring = activity.value === "bench";
  const report = benchReport.value;
  return (
    <main class="room" tabIndex={-1}>
      <h1>How fast is this machine?</h1>
      <p class="lead soft">
        Trains models of three sizes for a few steps, with random weights, and says how close that comes to what the
        device can do. Nothing is downloaded, and nothing is sent.
      </p>
      <section class="card" aria-label="What to measure">
        <Choices disabled={measuring} />
        <div class="actions">
          <button
            type="button"
            class="primary"
            data-testid="run-bench"
            disabled={!idle.value || benchModels.value.length === 0}
            onClick={() => void runBench()}
          >
            {measuring ? "Measuring…" : "Measure"}
          </button>
          {measuring && (
            <button type="button" class="quiet" data-testid="stop-bench" onClick={() => void stopBench()}>
              Stop
            </button>
          )}
          {measuring && <Progress label={benchNote.value} fraction={null} />}
          {report && !measuring && <CopyJson text={JSON.stringify(report, null, 2)} />}
        </div>
        <p class="soft hint">
          Close other programs first: they take their share of the same device. Only one thing runs at a time here, so
          training waits for this and this for training.
        </p>
        <ErrorPanel place="bench" />
      </section>
      {report && <BenchResults report={report} />}
    </main>
  );
}

function Choices({ disabled }: { disabled: boolean }) {
  return (
    <form class="bench-choices" onSubmit={(event) => event.preventDefault()}>
      <fieldset disabled={disabled}>
        <legend>Models</legend>
        {Object.entries(BENCH_MODELS).map(([name, words]) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={benchModels.value.includes(name as BenchModel)}
              onChange={() => toggleModel(name as BenchModel)}
            />{" "}
            {words}
          </label>
        ))}
      </fieldset>
      <fieldset disabled={disabled}>
        <legend>Besides</legend>
        <label>
          <input
            type="checkbox"
            checked={benchGrowth.value}
            onChange={(event) => {
              benchGrowth.value = event.currentTarget.checked;
            }}
          />{" "}
          How cost grows
        </label>
        <label class="inline-choice">
          At most{" "}
          <select
            class="inline"
            data-testid="bench-seconds"
            value={String(benchSeconds.value)}
            onChange={(event) => {
              benchSeconds.value = Number(event.currentTarget.value);
            }}
          >
            {Object.entries(BUDGETS).map(([seconds, words]) => (
              <option key={seconds} value={seconds}>
                {words}
              </option>
            ))}
          </select>
        </label>
      </fieldset>
    </form>
  );
}

function CopyJson({ text }: { text: string }) {
  return (
    <button
      type="button"
      class="quiet"
      data-testid="copy-bench"
      onClick={() => void navigator.clipboard.writeText(text)}
    >
      Copy as JSON
    </button>
  );
}
