/** One curve of several runs, laid over each other. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { RunRecord } from "@/runs/record";
import type { Plot } from "@/ui/parts/plot";
import { overlayColumns } from "@/ui/state/overlay-data";
import { colourOf } from "@/ui/state/runs";
import { theme } from "@/ui/state/theme";

export function Overlay({ runs }: { runs: readonly RunRecord[] }) {
  const names = [...new Set(runs.flatMap(({ series }) => Object.keys(series)))];
  const [wanted, setWanted] = useState("loss");
  const curve = names.includes(wanted) ? wanted : (names[0] ?? "loss");
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const colours = runs.map(({ id }) => colourOf(id));
  const columns = overlayColumns(runs, curve);
  const latest = useRef(columns);
  latest.current = columns;

  // Colours and the number of curves are fixed when a plot is made.
  useEffect(() => {
    let gone = false;
    void import("@/ui/parts/plot").then(({ createOverlay }) => {
      if (gone || place.current === null) return;
      plot.current = createOverlay(place.current, colours);
      plot.current.update(latest.current);
    });
    return () => {
      gone = true;
      plot.current?.destroy();
      plot.current = null;
    };
  }, [colours.join(), theme.value]);
  useEffect(() => plot.current?.update(columns));

  return (
    <figure class="chart loss">
      <figcaption>
        <label class="inline-choice">
          Curve{" "}
          <select
            class="inline"
            data-testid="overlay-curve"
            value={curve}
            onChange={(event) => setWanted(event.currentTarget.value)}
          >
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <ul class="chart-legend runs-legend">
          {runs.map(({ id, name }) => (
            <li key={id} style={{ "--key": `var(${colourOf(id)})` }}>
              {name}
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${curve} of ${runs.map(({ name }) => name).join(", ")}`} />
    </figure>
  );
}
