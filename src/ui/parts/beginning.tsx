/** What a run did before its first step was done, for whoever wonders what it waits for; closed until it is asked for. */
import { timelineRows } from "@/util/timeline-table";
import type { TimelineEvent } from "@/worker/api/timeline";

export function Beginning({ timeline }: { timeline: TimelineEvent }) {
  const [head = [], ...rows] = timelineRows(timeline);
  return (
    <details class="soft beginning" data-testid="timeline">
      <summary>First step done {(timeline.ms / 1000).toFixed(1)} s after it was asked for</summary>
      <table class="plain">
        <thead>
          <tr>
            {head.map((cell) => (
              <th key={cell}>{cell}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, began, took]) => (
            <tr key={`${name} ${began}`}>
              <td>{name}</td>
              <td class="number">{began}</td>
              <td class="number">{took}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
