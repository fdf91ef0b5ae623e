/** The growth points as one small drawing: four log-log plots of time over what is varied, beside the linear slope. */
import { AXES, exponent, type GrowthAxis, type GrowthPoint } from "@/bench/report";

/** A plot's box, in its own units. */
export const PLOT = { width: 300, height: 200, left: 52, right: 12, top: 38, bottom: 30 };

export function growthSvg(points: readonly GrowthPoint[]): string {
  const axes = (Object.keys(AXES) as GrowthAxis[]).filter((axis) => ofAxis(points, axis).length > 1);
  const plots = axes.map((axis, i) =>
    plot(axis, ofAxis(points, axis), (i % 2) * PLOT.width, Math.floor(i / 2) * PLOT.height),
  );
  const width = PLOT.width * Math.min(2, axes.length);
  const height = PLOT.height * Math.ceil(axes.length / 2);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11" role="img" aria-label="How a training step's time grows">
<style>text{fill:#333}.line{fill:none;stroke:#c2410c;stroke-width:2}.ideal{stroke:#999;stroke-dasharray:4 4}circle{fill:#c2410c}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>
${plots.join("\n")}
</svg>
`;
}

const ofAxis = (points: readonly GrowthPoint[], axis: GrowthAxis) =>
  points.filter((point) => point.axis === axis).sort((a, b) => a.value - b.value);

/** Places of the points in a box of PLOT, both scales logarithmic, and the linear line from the first point. */
export function placePoints(points: readonly GrowthPoint[]): { x: number; y: number; linear: number }[] {
  const first = points[0];
  if (!first) return [];
  const linear = points.map(({ value }) => (first.stepMs * value) / first.value);
  const scale = (values: readonly number[], from: number, to: number) => {
    const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
    return (value: number) => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from);
  };
  const x = scale(
    points.map(({ value }) => value),
    PLOT.left,
    PLOT.width - PLOT.right,
  );
  const y = scale([...points.map(({ stepMs }) => stepMs), ...linear], PLOT.height - PLOT.bottom, PLOT.top);
  return points.map(({ value, stepMs }, i) => ({ x: x(value), y: y(stepMs), linear: y(linear[i] ?? 1) }));
}

function plot(axis: GrowthAxis, points: readonly GrowthPoint[], left: number, top: number): string {
  const places = placePoints(points);
  const line = (pick: (place: (typeof places)[number]) => number) =>
    places.map((place) => `${place.x.toFixed(1)},${pick(place).toFixed(1)}`).join(" ");
  const { title, unit } = AXES[axis];
  const ticks = points.map(
    ({ value }, i) =>
      `<text x="${places[i]?.x.toFixed(1)}" y="${PLOT.height - 14}" text-anchor="middle">${value}</text>`,
  );
  const ends = [points[0], points.at(-1)].map((point, i) => {
    const place = i === 0 ? places[0] : places.at(-1);
    return `<text x="${PLOT.left - 6}" y="${((place?.y ?? 0) + 4).toFixed(1)}" text-anchor="end">${time(point?.stepMs ?? 0)}</text>`;
  });
  const dots = places.map(({ x, y }) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3"/>`);
  return `<g transform="translate(${left} ${top})"><text x="${PLOT.left}" y="16" font-weight="600">${title}: power ${exponent(points).toFixed(2)}</text><text x="${PLOT.left}" y="30">${unit}; dashed: linear</text>
<polyline class="line ideal" points="${line(({ linear }) => linear)}"/><polyline class="line" points="${line(({ y }) => y)}"/>${dots.join("")}${ticks.join("")}${ends.join("")}</g>`;
}

const time = (ms: number) => (ms >= 1000 ? `${figure(ms / 1000)} s` : `${figure(ms)} ms`);
const figure = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));
