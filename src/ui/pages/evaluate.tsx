/** The room for the question "is B better than A on my task, and can I tell?": cases, arms, a rule, one report. */

import { reportView } from "@/eval/report-view/view";
import type { SavedReport } from "@/eval/saved-report";
import { ErrorPanel } from "@/ui/parts/error-panel";
import { Answerers } from "@/ui/parts/evaluate/answerers";
import { Arms, Declared } from "@/ui/parts/evaluate/arms";
import { Cases } from "@/ui/parts/evaluate/cases";
import { FilePicker } from "@/ui/parts/files";
import { StoppableProgress } from "@/ui/parts/progress";
import { save } from "@/ui/parts/save";
import { drawTree } from "@/ui/parts/tree";
import { activity, idle } from "@/ui/state/core";
import {
  evaluate,
  htmlOf,
  jsonOf,
  nameOf,
  obstacle,
  openReport,
  progress,
  result,
  stopEvaluation,
  stopping,
} from "@/ui/state/evaluate";

export function Evaluate() {
  return (
    <main class="room evaluate-room" tabIndex={-1}>
      <h1>Evaluate</h1>
      <p class="soft lead">
        Is it better, by how much, and can you tell? Every arm answers every case; the difference comes with its doubt,
        and “inconclusive” is an answer.
      </p>
      <Answerers />
      <Cases />
      <Arms />
      <Declared />
      <ErrorPanel place="evaluate" />
      <Start />
      {result.value && <Result saved={result.value} />}
    </main>
  );
}

function Start() {
  const going = progress.value;
  if (activity.value === "evaluate" && going !== null) {
    const done = Object.values(going.done).reduce((sum, n) => sum + n, 0);
    const words = stopping.value
      ? "Stopping; what was answered is kept"
      : going.total > 0
        ? `${done} of ${going.total} answers`
        : `${done} answers`;
    return (
      <StoppableProgress
        label={words}
        fraction={going.total > 0 ? done / going.total : null}
        testid="evaluate-progress"
        stop={{ testid: "evaluate-stop", disabled: stopping.value, onStop: stopEvaluation }}
      />
    );
  }
  return (
    <div class="actions">
      <button
        type="button"
        class="primary"
        data-testid="evaluate-start"
        disabled={!idle.value || obstacle.value !== null}
        onClick={() => void evaluate()}
      >
        {result.value ? "Evaluate again" : "Evaluate"}
      </button>
      {obstacle.value && <span class="soft">{obstacle.value}</span>}
      <span class="end">
        <FilePicker
          label="Open a saved report"
          testid="report-file"
          accept=".html,.json"
          disabled={!idle.value}
          onFiles={([file]) => file && void openReport(file)}
        />
      </span>
    </div>
  );
}

function Result({ saved }: { saved: SavedReport }) {
  const name = nameOf(saved.report);
  return (
    <section class="card room-part" aria-label="Report">
      {drawTree(reportView(saved.report, saved.edited))}
      <div class="actions">
        <button
          type="button"
          class="quiet"
          data-testid="report-html"
          onClick={async () => save(`${name}.html`, await htmlOf(saved))}
        >
          Save as one HTML file
        </button>
        <button
          type="button"
          class="quiet"
          data-testid="report-json"
          onClick={() => save(`${name}.json`, jsonOf(saved))}
        >
          Save as JSON
        </button>
        <span class="soft">Either opens again here, and in burnish compare.</span>
      </div>
    </section>
  );
}
