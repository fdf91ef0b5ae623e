/** The loss of a run as an SVG file for its model card: readable on white and on black, with nothing to load or run. */
export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

const WIDTH = 640;
const HEIGHT = 260;
const LEFT = 48;
const BOTTOM = 30;
const TOP = 14;
/** Points of a path at most; of more, each stands for the mean of its stretch. */
const MOST = 320;
const GREY = "#8a8f98";

/** Empty when there is nothing to draw. */
export function curveSvg(train: readonly LossPoint[], held: readonly LossPoint[]): string {
  const finite = (points: readonly LossPoint[]) => points.filter(({ loss }) => Number.isFinite(loss));
  const [lines, dots] = [thinned(finite(train)), finite(held)];
  const all = [...lines, ...dots];
  if (all.length < 2) return "";
  const steps = Math.max(...all.map(({ step }) => step), 1);
  const top = Math.max(...all.map(({ loss }) => loss)) || 1;
  const x = (step: number) => LEFT + (step / steps) * (WIDTH - LEFT - 12);
  const y = (loss: number) => TOP + (1 - loss / top) * (HEIGHT - TOP - BOTTOM);
  const path = (points: readonly LossPoint[]) =>
    points.map(({ step, loss }, i) => `${i === 0 ? "M" : "L"}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`).join("");
  const label = (value: string, at: string, anchor: string) =>
    `<text ${at} text-anchor="${anchor}" fill="${GREY}">${value}</text>`;
  const grid = [0, 0.5, 1].map(
    (share) =>
      `<path d="M${LEFT} ${y(top * share)}H${WIDTH - 12}" stroke="${GREY}" stroke-opacity=".3"/>` +
      label((top * share).toPrecision(2), `x="${LEFT - 8}" y="${y(top * share) + 4}"`, "end"),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    "<title>Loss by step: training (line), held out (dots)</title>",
    ...grid,
    label("0", `x="${LEFT}" y="${HEIGHT - 10}"`, "start"),
    label(`step ${steps}`, `x="${WIDTH - 12}" y="${HEIGHT - 10}"`, "end"),
    `<path d="${path(lines)}" fill="none" stroke="#d97706" stroke-width="1.8"/>`,
    ...(dots.length > 0 ? [`<path d="${path(dots)}" fill="none" stroke="#2563eb" stroke-width="1.4"/>`] : []),
    ...dots.map(
      ({ step, loss }) => `<circle cx="${x(step).toFixed(1)}" cy="${y(loss).toFixed(1)}" r="3.5" fill="#2563eb"/>`,
    ),
    "</svg>\n",
  ].join("\n");
}

function thinned(points: readonly LossPoint[]): LossPoint[] {
  const width = Math.ceil(points.length / MOST);
  if (width <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / width) }, (_, i) => {
    const part = points.slice(i * width, (i + 1) * width);
    const mean = part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
    return { step: part.at(-1)?.step ?? 0, loss: mean };
  });
}
