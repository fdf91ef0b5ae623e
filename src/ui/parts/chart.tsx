/** A chart with its title, its legend and the sentence that says the same; the drawing itself comes in later. */
import { useEffect, useRef } from "preact/hooks";
import type { Plot, PlotKind } from "@/ui/parts/plot";
import type { ChartFrame } from "@/ui/state/chart-data";
import { theme } from "@/ui/state/theme";

interface ChartProps {
  readonly kind: PlotKind;
  readonly title: string;
  readonly frame: ChartFrame;
  /** Steps of the whole run, so that the axis does not move while it goes. */
  readonly total: number;
}

export function Chart({ kind, title, frame, total }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef(frame);
  latest.current = frame;
  const colours = theme.value;

  // The theme's colours are read when the plot is made, so a change of theme makes it anew.
  useEffect(() => {
    let gone = false;
    void import("@/ui/parts/plot").then(({ createPlot }) => {
      if (gone || place.current === null) return;
      plot.current = createPlot(place.current, kind, total);
      plot.current.update(latest.current.columns);
    });
    return () => {
      gone = true;
      plot.current?.destroy();
      plot.current = null;
    };
  }, [kind, total, colours]);

  useEffect(() => plot.current?.update(frame.columns));

  return (
    <figure class={`chart ${kind}`}>
      <figcaption>
        <strong>{title}</strong>
        {kind === "loss" && <LossLegend />}
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={frame.summary} />
    </figure>
  );
}

function LossLegend() {
  return (
    <ul class="chart-legend">
      <li class="key-train">training</li>
      <li class="key-eval">held out</li>
      <li class="key-base">before training</li>
    </ul>
  );
}
