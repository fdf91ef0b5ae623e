/** The room for finding settings: a rate to begin with, and several runs of which the best goes on. */
import { ErrorPanel } from "@/ui/parts/error-panel";
import { fieldWords, ParallelPlot } from "@/ui/parts/parallel-plot";
import { RangePlot } from "@/ui/parts/range-plot";
import { RoomPart } from "@/ui/parts/room-part";
import { activity, idle } from "@/ui/state/core";
import { dataset } from "@/ui/state/dataset";
import { duration, learningRate, loss } from "@/ui/state/format";
import { model } from "@/ui/state/model";
import { draft, setField } from "@/ui/state/recipe";
import {
  findRate,
  form,
  plan,
  ratePoints,
  rateReading,
  startSweep,
  stopSweep,
  sweepRows,
  usualRates,
} from "@/ui/state/sweep";

export function Sweep() {
  const ready = model.value !== null && dataset.value !== null;
  return (
    <main class="room" tabIndex={-1}>
      <h1>Sweep</h1>
      <p class="soft lead">
        Settings are found by trying: one short run over many learning rates, or several runs side by side, of which
        only the promising ones go on.
      </p>
      <ErrorPanel place="sweep" />
      {ready ? (
        <>
          <Rates />
          <Several />
        </>
      ) : (
        <p class="panel note">
          <span>
            Open a model and data <a href="#/">in the first room</a>; this room works on them.
          </span>
        </p>
      )}
    </main>
  );
}

function Rates() {
  const reading = rateReading.value;
  const running = activity.value === "sweep" && ratePoints.value.length > 0 && reading === null;
  const suggested = reading?.suggested ?? null;
  return (
    <RoomPart title="A learning rate to begin with">
      <p class="soft">
        Sixty steps, each with a larger rate than the last. Where the loss falls fastest is where to start; where it
        breaks is where not to go. The open adapter stays as it is.
      </p>
      <div class="table-scroll">
        <RangePlot points={ratePoints.value} reading={reading} />
      </div>
      {reading && <p data-testid="rate-sentence">{reading.sentence}</p>}
      <div class="actions">
        <button
          type="button"
          class="primary"
          data-testid="find-rate"
          disabled={!idle.value}
          onClick={() => void findRate()}
        >
          {running ? `Step ${ratePoints.value.length} of 60…` : "Find a learning rate"}
        </button>
        {suggested !== null && (
          <button
            type="button"
            class="quiet"
            data-testid="use-rate"
            disabled={draft.value.optimizer.learningRate === suggested}
            onClick={() => setField("optimizer.learningRate", suggested)}
          >
            {draft.value.optimizer.learningRate === suggested ? "The recipe has it" : `Use ${learningRate(suggested)}`}
          </button>
        )}
      </div>
    </RoomPart>
  );
}

function Several() {
  const { rates, ranks, minutes, strategy } = form.value;
  const set = (change: Partial<typeof form.value>) => {
    form.value = { ...form.value, ...change };
  };
  const running = activity.value === "sweep" && sweepRows.value.some(({ state }) => state === "running");
  return (
    <RoomPart title="Several runs">
      <div class="form-grid">
        <label>
          Learning rates
          <input
            type="text"
            data-testid="sweep-rates"
            placeholder={usualRates.value.join(", ")}
            value={rates}
            onInput={(event) => set({ rates: event.currentTarget.value })}
          />
        </label>
        <label>
          Ranks
          <input
            type="text"
            placeholder={String(draft.value.lora.rank)}
            value={ranks}
            onInput={(event) => set({ ranks: event.currentTarget.value })}
          />
        </label>
        <label>
          Minutes at most
          <input
            type="number"
            min="1"
            value={minutes}
            onInput={(event) => set({ minutes: Number(event.currentTarget.value) })}
          />
        </label>
        <label>
          How
          <select
            value={strategy}
            onChange={(event) => set({ strategy: event.currentTarget.value === "grid" ? "grid" : "halving" })}
          >
            <option value="halving">the best third goes on</option>
            <option value="grid">each to its end</option>
          </select>
        </label>
      </div>
      <div class="actions">
        <button
          type="button"
          class="primary"
          data-testid="start-sweep"
          disabled={!idle.value || plan.value === null}
          onClick={() => void startSweep()}
        >
          {running ? "Running…" : "Start the sweep"}
        </button>
        {activity.value === "sweep" && (
          <button type="button" class="quiet" onClick={stopSweep}>
            Stop
          </button>
        )}
        {plan.value === null && <span class="wrong">Give positive numbers, with commas between.</span>}
      </div>
      <div class="table-scroll">
        <ParallelPlot rows={sweepRows.value} />
      </div>
      <SweepTable />
    </RoomPart>
  );
}

function SweepTable() {
  const rows = [...sweepRows.value].sort((a, b) => b.steps - a.steps || (a.evalLoss ?? 99) - (b.evalLoss ?? 99));
  const fields = Object.keys(rows[0]?.changes ?? {});
  if (rows.length === 0) return null;
  return (
    <div class="table-scroll">
      <table class="plain" data-testid="sweep-table">
        <thead>
          <tr>
            {fields.map((field) => (
              <th key={field} scope="col">
                {fieldWords(field)}
              </th>
            ))}
            <th scope="col">steps</th>
            <th scope="col">held-out loss</th>
            <th scope="col">time</th>
            <th scope="col">state</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={JSON.stringify(row.changes)} title={row.message}>
              {fields.map((field) => (
                <td key={field} class="number">
                  {String(row.changes[field])}
                </td>
              ))}
              <td class="number">{row.steps}</td>
              <td class="number">{row.evalLoss === null ? "–" : loss(row.evalLoss)}</td>
              <td class="number">{duration(row.seconds)}</td>
              <td>{row.state}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft">
        All of them are kept under <a href="#/runs">Runs</a>; afterwards the best one’s adapter is the current one.
      </p>
    </div>
  );
}
