/** Where it could go: this tab first, then every flavor that holds the run, what it takes there, and what it costs. */
import { useState } from "preact/hooks";
import { dollars } from "@/offload/job";
import type { PlanRow } from "@/offload/plan";
import { MemoryBar } from "@/ui/parts/memory-bar";
import { RoomPart } from "@/ui/parts/room-part";
import { idle } from "@/ui/state/core";
import { compact, duration, integer } from "@/ui/state/format";
import { chooseRow, chosenRow, marksOf, minutes, planned, shownRows, wanted } from "@/ui/state/jobs-plan";
import { gpuWords, moneySpan, timeSpan, WEIGHTS } from "@/ui/state/jobs-words";
import type { PlannedJob } from "@/worker/api/jobs";

const FIRST = 8;

export function PlanTable() {
  const made = planned.value;
  if (!made) return null;
  const { facts, plan } = made;
  return (
    <RoomPart title="Where it could go">
      <p data-testid="jobs-facts">
        <strong>{facts.model.name}</strong>: {compact(facts.model.parameters)} parameters, {integer(facts.data.rows)}{" "}
        rows and {integer(facts.data.heldOut)} held out, {compact(plan.tokens)} tokens
        {facts.data.counted ? "" : " (estimated: there is no tokenizer to count with)"}.
      </p>
      <Ways />
      <Rows made={made} />
      <Prices made={made} />
      {chosenRow.value && <Chosen row={chosenRow.value} />}
    </RoomPart>
  );
}

function Ways() {
  return (
    <fieldset class="filter">
      <legend class="unseen">What learns</legend>
      {(
        [
          ["any", "All ways"],
          ["lora", "LoRA"],
          ["qlora", "QLoRA, 4 bits"],
          ["full", "All weights"],
        ] as const
      ).map(([value, words]) => (
        <label key={value}>
          <input
            type="radio"
            name="jobs-weights"
            class="unseen"
            data-testid={`jobs-weights-${value}`}
            checked={wanted.value === value}
            onChange={() => {
              wanted.value = value;
            }}
          />
          {words}
        </label>
      ))}
    </fieldset>
  );
}

function Rows({ made }: { made: PlannedJob }) {
  const [all, setAll] = useState(false);
  const rows = shownRows.value;
  const fitting = rows.filter(({ fits }) => fits);
  const shown = all
    ? rows
    : fitting.filter((row, i) => i < FIRST || marksOf(row).length > 0 || row === chosenRow.value);
  return (
    <>
      <div class="table-scroll">
        <table class="plain jobs-table" data-testid="jobs-table">
          <caption class="unseen">Places for this run</caption>
          <thead>
            <tr>
              <th scope="col">Where</th>
              <th scope="col">Learns</th>
              <th scope="col">Memory</th>
              <th scope="col">Time</th>
              <th scope="col">Cost</th>
              <th scope="col">At most</th>
            </tr>
          </thead>
          <tbody>
            <Here made={made} />
            {shown.map((row) => (
              <Row key={`${row.flavor} ${row.weights}`} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {fitting.length === 0 && (
        <p class="wrong">Nothing here holds this run: shorten its rows, or let 4 bits do (QLoRA).</p>
      )}
      {rows.length > shown.length || all ? (
        <button type="button" class="quiet small" data-testid="jobs-all" onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show all ${rows.length}, also those that do not hold it`}
        </button>
      ) : null}
    </>
  );
}

function Here({ made: { plan } }: { made: PlannedJob }) {
  const { here } = plan;
  const speed = here?.tokensPerSecond;
  return (
    <tr data-testid="jobs-here">
      <th scope="row">
        <a href="#/">Stay in this tab</a>
        <span class="soft jobs-sub">
          {speed ? `${integer(speed)} tokens/s, measured on ${here?.engine}` : "never trained here, so not measured"}
        </span>
      </th>
      <td data-label="Learns">LoRA</td>
      <td data-label="Memory" class="soft">
        –
      </td>
      <td data-label="Time" class="number">
        {here?.seconds ? duration(here.seconds) : "–"}
      </td>
      <td data-label="Cost" class="number">
        $0.00
      </td>
      <td data-label="At most" class="number">
        $0.00
      </td>
    </tr>
  );
}

function Row({ row }: { row: PlanRow }) {
  const { flavor, weights, memory, fits } = row;
  const place = (
    <span>
      <strong>{flavor}</strong>
      {marksOf(row).map((mark) => (
        <span key={mark} class="badge good jobs-mark">
          {mark}
        </span>
      ))}
      <span class="soft jobs-sub">{gpuWords(row)}</span>
    </span>
  );
  if (!fits) {
    return (
      <tr class="jobs-unfit">
        <th scope="row">{place}</th>
        <td>{WEIGHTS[weights]}</td>
        <td colSpan={4}>{row.why}</td>
      </tr>
    );
  }
  return (
    <tr data-chosen={row === chosenRow.value}>
      <th scope="row">
        <label class="jobs-choice">
          <input
            type="radio"
            name="jobs-row"
            data-testid={`jobs-row-${flavor}-${weights}`}
            checked={row === chosenRow.value}
            disabled={!idle.value}
            onChange={() => void chooseRow(row)}
          />
          {place}
        </label>
      </th>
      <td data-label="Learns">{WEIGHTS[weights]}</td>
      <td data-label="Memory" class="number">
        <span class="jobs-memory" aria-hidden="true">
          <span style={{ width: `${Math.min(100, (100 * memory.total) / memory.limit)}%` }} />
        </span>
        {(memory.total / 1e9).toFixed(1)} of {(memory.limit / 1e9).toFixed(0)} GB
      </td>
      <td data-label="Time" class="number">
        {timeSpan(row.seconds)}
      </td>
      <td data-label="Cost" class="number">
        {moneySpan(row.dollars)}
      </td>
      <td data-label="At most" class="number">
        {dollars(row.ceilingDollars)}
      </td>
    </tr>
  );
}

function Prices({ made: { plan, why } }: { made: PlannedJob }) {
  const { date, live } = plan.prices;
  return (
    <p class="soft" data-testid="jobs-prices">
      {live
        ? `Hardware and prices as the Hub lists them now (${date}).`
        : `The Hub’s list could not be had (${why ?? "offline"}): hardware and prices are those of ${date}.`}{" "}
      Times are intervals, from counted operations and the utilisation of published runs.
    </p>
  );
}

function Chosen({ row }: { row: PlanRow }) {
  const { memory, sharing, perDevice, checkpointing, gpus } = row;
  const shared = { none: "one GPU", ddp: `${gpus} copies (DDP)`, fsdp: `cut among ${gpus} GPUs (FSDP)` }[sharing];
  const plan = {
    lines: memory.lines,
    total: memory.total,
    budget: memory.limit,
    fits: row.fits,
    reason: "",
    advice: "",
  };
  const asked = minutes.value ?? Math.round(row.timeoutSeconds / 60);
  const dollarsPerMinute = row.ceilingDollars / (row.timeoutSeconds / 60);
  return (
    <div class="jobs-chosen" data-testid="jobs-chosen">
      <h3>
        {row.flavor}, {WEIGHTS[row.weights]}
      </h3>
      <p class="soft">
        {gpuWords(row)}: {shared}, {perDevice} rows on each at a time, {checkpointing ? "with" : "without"} gradient
        checkpointing.{" "}
        {row.converts
          ? "Merged weights and GGUF files are made there, too."
          : "Its main memory is too small to merge and convert there; this page does that."}
      </p>
      <MemoryBar plan={{ ...plan, lines: memory.lines.filter(({ bytes }) => bytes > 0) }} />
      <div class="jobs-ceiling">
        <label>
          Timeout, minutes
          <input
            type="number"
            min="1"
            data-testid="jobs-minutes"
            value={asked}
            onInput={(event) => {
              minutes.value = event.currentTarget.valueAsNumber;
            }}
          />
        </label>
        <p>
          <strong class="number" data-testid="jobs-most">
            {asked >= 1 ? dollars(asked * dollarsPerMinute) : "–"} at most
          </strong>{" "}
          <span class="soft">
            The job is ended then; its checkpoints stay, and it goes on from them when it is submitted again.
          </span>
        </p>
      </div>
    </div>
  );
}
