/** Settings and their result as one line each through parallel axes; the best stands out. Axes are spaced by order. */
import type { SweepRow } from "@/runs/sweep";
import { useNarrow } from "@/ui/parts/use-narrow";
import { loss } from "@/ui/state/format";

const HEIGHT = 220;
const MARGIN = 56;

/** "optimizer.learningRate" → "learning rate" */
export function fieldWords(field: string): string {
  return field.replace(/^.*\./, "").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function ParallelPlot({ rows }: { rows: readonly SweepRow[] }) {
  const width = useNarrow() ? 340 : 640;
  const known = rows.filter(({ evalLoss }) => evalLoss !== null);
  const fields = Object.keys(rows[0]?.changes ?? {});
  if (known.length < 2 || fields.length === 0) return null;
  const most = Math.max(...known.map(({ steps }) => steps));
  const losses = known.map(({ evalLoss }) => evalLoss ?? 0);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const axes = fields.map((field) => ({ field, values: distinct(rows.map(({ changes }) => changes[field])) }));
  const x = (axis: number) => MARGIN + (axis * (width - 2 * MARGIN)) / fields.length;
  const place = (rank: number, count: number) => HEIGHT - 30 - ((rank + 0.5) / count) * (HEIGHT - 60);
  const lossY = (value: number) => HEIGHT - 36 - ((value - low) / Math.max(1e-9, high - low)) * (HEIGHT - 72);
  const best = known.find((row) => row.steps === most && row.evalLoss === bestLoss(known, most));
  return (
    <svg
      class="parallel-plot"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label="Each line is a run: its settings, then its held-out loss, lowest at the bottom"
    >
      {[...known.filter((row) => row !== best), ...(best ? [best] : [])].map((row) => (
        <polyline
          key={JSON.stringify(row.changes)}
          class={row === best ? "best" : row.steps === most ? "whole" : "part"}
          points={[
            ...axes.map(
              ({ field, values }, i) => `${x(i)},${place(values.indexOf(String(row.changes[field])), values.length)}`,
            ),
            `${x(fields.length)},${lossY(row.evalLoss ?? 0)}`,
          ].join(" ")}
        />
      ))}
      {axes.map(({ field, values }, i) => (
        <g key={field}>
          <line x1={x(i)} x2={x(i)} y1="24" y2={HEIGHT - 24} />
          <text x={x(i)} y="14" text-anchor="middle">
            {fieldWords(field)}
          </text>
          {values.map((value, rank) => (
            <text key={value} x={x(i) - 6} y={place(rank, values.length) + 4} text-anchor="end">
              {value}
            </text>
          ))}
        </g>
      ))}
      <line x1={x(fields.length)} x2={x(fields.length)} y1="24" y2={HEIGHT - 24} />
      <text x={x(fields.length)} y="14" text-anchor="middle">
        held-out loss
      </text>
      {[low, high].map((value) => (
        <text key={value} x={x(fields.length) + 6} y={lossY(value) + 4}>
          {loss(value)}
        </text>
      ))}
    </svg>
  );
}

/** Numbers by size, words as they come. */
function distinct(values: readonly unknown[]): string[] {
  const all = [...new Set(values)];
  const numeric = all.every((value) => typeof value === "number");
  return (numeric ? all.sort((a, b) => Number(a) - Number(b)) : all).map(String);
}

function bestLoss(rows: readonly SweepRow[], steps: number): number {
  return Math.min(...rows.filter((row) => row.steps === steps).map(({ evalLoss }) => evalLoss ?? Infinity));
}
