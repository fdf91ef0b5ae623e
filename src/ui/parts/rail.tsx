/** The five stages, always in sight: each lights up as it goes and leads to its card. */
import { activity } from "@/ui/state/core";
import { stages } from "@/ui/state/journey";
import { runLog } from "@/ui/state/run";
import { fractionDone } from "@/ui/state/run-log";

const MARKS = { waiting: "", active: "", done: "✓", failed: "!" };
const WORDS = { waiting: "not started", active: "in progress", done: "done", failed: "failed" };

export function Rail() {
  return (
    <nav class="rail" aria-label="Progress">
      <ol>
        {stages.value.map(({ id, label, status }) => (
          <li key={id} data-status={status} data-testid={`stage-${id}`}>
            <a href={`#${id}`} onClick={(event) => leadTo(event, id)}>
              <span class="rail-dot" aria-hidden="true">
                {MARKS[status]}
              </span>
              <span class="rail-label">{label}</span>
              <span class="unseen">, {WORDS[status]}</span>
            </a>
          </li>
        ))}
      </ol>
      <RailProgress />
    </nav>
  );
}

function RailProgress() {
  const log = runLog.value;
  if (log === null || activity.value !== "run") return null;
  return <div class="rail-progress" aria-hidden="true" style={{ width: `${fractionDone(log) * 100}%` }} />;
}

/** Not by the address: its fragment may hold a shared recipe. */
function leadTo(event: Event, id: string): void {
  event.preventDefault();
  const card = document.getElementById(id);
  card?.scrollIntoView({ block: "start" });
  card?.querySelector("h2")?.focus({ preventScroll: true });
}
