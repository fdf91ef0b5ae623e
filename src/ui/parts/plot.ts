/**
 * The only file that knows uPlot, loaded when the first chart is drawn. Colours are read from the page's custom
 * properties at creation, since a canvas cannot follow them; a change of theme makes the plot anew.
 */
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Column } from "@/ui/state/chart-data";
import { learningRate } from "@/ui/state/format";

export type PlotKind = "loss" | "rate" | "gradient";

export interface Plot {
  update(columns: readonly Column[]): void;
  destroy(): void;
}

const HEIGHTS: Record<PlotKind, number> = { loss: 240, rate: 130, gradient: 130 };

export function createPlot(place: HTMLElement, kind: PlotKind, total: number): Plot {
  const paint = paletteOf(place);
  return plotOf(place, HEIGHTS[kind], {
    scales: { x: { time: false, range: [0, Math.max(1, total)] }, y: { range: rangeFrom(kind) } },
    axes: [axis(paint, { size: 26 }), axis(paint, { size: 48, values: (_plot, ticks) => ticks.map(tickWords) })],
    series: [{}, ...seriesOf(kind, paint)],
  });
}

/** Curves of several runs in one picture; each keeps its run's colour, a custom property's name. */
export function createOverlay(place: HTMLElement, colours: readonly string[]): Plot {
  const paint = paletteOf(place);
  const strokes = coloursOf(place, colours);
  return plotOf(place, HEIGHTS.loss, {
    scales: { x: { time: false } },
    axes: [axis(paint, { size: 26 }), axis(paint, { size: 56, values: (_plot, ticks) => ticks.map(tickWords) })],
    series: [{}, ...strokes.map((stroke) => ({ stroke, width: 2, spanGaps: true, points: { show: false } }))],
  });
}

/** Empty at first, and as wide as its place whatever that becomes. */
function plotOf(place: HTMLElement, height: number, what: Pick<UPlot.Options, "scales" | "axes" | "series">): Plot {
  const frame = { width: place.clientWidth, height, legend: { show: false }, cursor: { show: false } };
  const empty = what.series.map((): number[] => []) as unknown as UPlot.AlignedData;
  const plot = new UPlot({ ...frame, padding: [8, 10, 0, 0], ...what }, empty, place);
  const observer = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height }));
  observer.observe(place);
  return {
    update: (columns) => plot.setData(columns as UPlot.AlignedData),
    destroy: () => {
      observer.disconnect();
      plot.destroy();
    },
  };
}

interface Palette {
  readonly ember: string;
  readonly cool: string;
  readonly soft: string;
  readonly line: string;
  readonly font: string;
}

function seriesOf(kind: PlotKind, paint: Palette): UPlot.Series[] {
  const line = { stroke: paint.ember, width: 1.75, points: { show: false } };
  const planned = { stroke: paint.soft, width: 1.25, dash: [5, 5], points: { show: false } };
  if (kind !== "loss") return kind === "rate" ? [line, planned] : [line];
  return [
    { stroke: withAlpha(paint.ember, 0.3), width: 1, points: { show: false } },
    { stroke: paint.ember, width: 2.5, points: { show: false } },
    { stroke: paint.cool, width: 1.5, spanGaps: true, points: { show: true, size: 8, fill: paint.cool, width: 0 } },
    { stroke: paint.soft, width: 1.25, dash: [5, 5], points: { show: false } },
  ];
}

function axis(paint: Palette, more: Partial<UPlot.Axis>): UPlot.Axis {
  return {
    stroke: paint.soft,
    font: paint.font,
    grid: { stroke: paint.line, width: 1 },
    ticks: { show: false },
    ...more,
  };
}

/** With zero in it, since a cut axis makes every run look the same; below it for what may be negative, as rewards. */
function rangeFrom(kind: PlotKind): (plot: UPlot, low: number, high: number) => [number, number] {
  const room = kind === "rate" ? 1.15 : 1.08;
  return (_plot, low, high) => [low < 0 ? low * room : 0, high > 0 ? high * room : low < 0 ? 0 : 1];
}

function tickWords(value: number): string {
  return value !== 0 && Math.abs(value) < 0.01 ? learningRate(value) : String(Number(value.toPrecision(3)));
}

function paletteOf(place: HTMLElement): Palette {
  const [ember = "", cool = "", soft = "", line = ""] = coloursOf(place, [
    "--ember-line",
    "--cool",
    "--ink-soft",
    "--line",
  ]);
  return { ember, cool, soft, line, font: `11px ${getComputedStyle(place).fontFamily}` };
}

/** Custom properties may hold light-dark(); only a computed colour is one that a canvas takes. */
function coloursOf(place: HTMLElement, names: readonly string[]): string[] {
  const probe = document.createElement("span");
  place.append(probe);
  const colours = names.map((name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return colours;
}

function withAlpha(colour: string, alpha: number): string {
  return colour.replace("rgb(", "rgba(").replace(")", `, ${alpha})`);
}
