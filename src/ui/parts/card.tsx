/** One step of the column: a numbered heading, what it came to, and its contents or what must come first. */
import type { ComponentChildren } from "preact";
import { ErrorPanel } from "@/ui/parts/error-panel";
import { activity, type Place } from "@/ui/state/core";

interface CardProps {
  readonly place: Place;
  readonly step: string;
  readonly title: string;
  readonly summary?: string | undefined;
  readonly done?: boolean;
  /** What is missing before this step can begin. */
  readonly waitsFor?: string | null;
  readonly children: ComponentChildren;
}

export function Card({ place, step, title, summary, done, waitsFor, children }: CardProps) {
  const status = activity.value === place ? "active" : done ? "done" : waitsFor ? "waiting" : "open";
  return (
    <section id={place} class="card" data-status={status} aria-labelledby={`${place}-title`}>
      <span class="card-number" aria-hidden="true">
        {done && activity.value !== place ? "✓" : step}
      </span>
      <header class="card-head">
        <h2 id={`${place}-title`} tabIndex={-1}>
          {title}
        </h2>
        {summary && <p class="card-summary">{summary}</p>}
      </header>
      <ErrorPanel place={place} />
      {waitsFor ? <p class="soft waiting">{waitsFor}</p> : children}
    </section>
  );
}
