/** One kept run: its name and notes, how it went in a word-sized curve, and what can be done with it. */
import { useState } from "preact/hooks";
import type { RunSummary } from "@/runs/summary";
import { save } from "@/ui/parts/save";
import { Spark } from "@/ui/parts/spark";
import { idle, session } from "@/ui/state/core";
import { bytes, duration, loss } from "@/ui/state/format";
import { forkRun, openRun, resumeRun } from "@/ui/state/go-on";
import { chosen, colourOf, remove, rename, takeOut, toggle } from "@/ui/state/runs";

const STATUS: Record<RunSummary["status"], string> = {
  running: "going on",
  done: "finished",
  stopped: "stopped",
  failed: "failed",
  interrupted: "interrupted",
};

export function RunRow({ run, depth }: { run: RunSummary; depth: number }) {
  const { id, name, notes, status, steps, totalSteps, evalLoss, seconds } = run;
  const [open, setOpen] = useState(false);
  return (
    <li class="run-row" data-testid="run-row" data-status={status} style={{ "--depth": Math.min(depth, 4) }}>
      <div class="run-line">
        <label class="run-name">
          <input type="checkbox" checked={chosen.value.includes(id)} onChange={() => void toggle(id)} />
          <span>
            <strong>{name}</strong>
            <span class="soft run-id">
              {run.model} · {run.method} · {new Date(run.createdAt).toLocaleString()}
            </span>
          </span>
        </label>
        <Spark values={run.spark} colour={colourOf(id)} />
        <span class="number run-loss">
          {evalLoss === null ? (run.loss === null ? "–" : loss(run.loss)) : loss(evalLoss)}
          <span class="soft">{evalLoss === null ? "loss" : "held-out loss"}</span>
        </span>
        <span class="run-status">
          {STATUS[status]}
          <span class="soft number">
            step {steps} of {totalSteps}, {duration(seconds)}
          </span>
        </span>
        <button
          type="button"
          class="quiet small"
          aria-expanded={open}
          data-testid="run-more"
          onClick={() => setOpen(!open)}
        >
          {open ? "Less" : "More"}
          <span class="unseen"> about {name}</span>
        </button>
      </div>
      {run.verdict && <p class="soft">{run.verdict}</p>}
      {!open && notes && <p class="run-notes">{notes}</p>}
      {open && <RunDetails run={run} />}
    </li>
  );
}

/** Back to work from a checkpoint. */
function RunWork({ run }: { run: RunSummary }) {
  const { id, checkpoints, best, status, steps, totalSteps } = run;
  const last = checkpoints.at(-1);
  if (last === undefined || status === "running") return null;
  const button = (words: string, testid: string, task: () => Promise<void>) => (
    <button type="button" class="quiet small" data-testid={testid} disabled={!idle.value} onClick={() => void task()}>
      {words}
    </button>
  );
  return (
    <div class="actions">
      {steps < totalSteps && button(`Resume from step ${last.step}`, "run-resume", () => resumeRun(id))}
      {button(`Use the adapter of step ${last.step}`, "run-open", () => openRun(id, last.step))}
      {best !== null &&
        best !== last.step &&
        button(`Use the best, of step ${best}`, "run-open-best", () => openRun(id, best))}
      {button("Fork at a third of the learning rate", "run-fork", () => forkRun(id, last.step, 1 / 3))}
    </div>
  );
}

function RunDetails({ run }: { run: RunSummary }) {
  const { id, name, notes } = run;
  const [sure, setSure] = useState(false);
  const take = async () => {
    const made = await takeOut(() => session().exportRun(id));
    if (made) save(made.name, made.blob);
  };
  return (
    <div class="run-details">
      <label class="run-edit">
        Name
        <input
          type="text"
          value={name}
          maxLength={200}
          onChange={(event) => void rename(id, { name: event.currentTarget.value.trim() || name })}
        />
      </label>
      <label class="run-edit">
        Notes
        <textarea
          rows={2}
          maxLength={10_000}
          data-testid="run-notes"
          value={notes}
          onChange={(event) => void rename(id, { notes: event.currentTarget.value })}
        />
      </label>
      <p class="soft number">
        {run.checkpoints.length === 0
          ? "No checkpoint is kept."
          : `Checkpoints of step ${run.checkpoints.map(({ step }) => step).join(" and ")}: ${bytes(run.bytes)}.`}
      </p>
      <RunWork run={run} />
      <div class="actions">
        <button
          type="button"
          class="quiet small"
          data-testid="run-export"
          disabled={!idle.value}
          onClick={() => void take()}
        >
          Export as a zip
        </button>
        <button
          type="button"
          class="quiet small"
          data-testid="run-delete"
          disabled={!idle.value || run.status === "running"}
          onClick={() => (sure ? void remove(id) : setSure(true))}
        >
          {sure ? `Really delete it (${bytes(run.bytes)})?` : "Delete"}
        </button>
      </div>
    </div>
  );
}
