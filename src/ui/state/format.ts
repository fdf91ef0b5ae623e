/**
 * Numbers as people read them. Pure, so that charts, titles and tests agree on every rounding.
 * Spaces before units are no-break, so that "12 MB" never splits over two lines.
 */
const NBSP = "\u00a0";

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2;
  return `${value.toFixed(digits)}${NBSP}${units[unit]}`;
}

/** 5 123 456 → "5.1 M". */
export function compact(count: number): string {
  if (count < 10_000) return integer(count);
  const [value, unit] = count < 1e6 ? [count / 1e3, "k"] : count < 1e9 ? [count / 1e6, "M"] : [count / 1e9, "B"];
  return `${value.toFixed(value >= 100 ? 0 : 1)}${NBSP}${unit}`;
}

export function integer(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

export function percent(rate: number): string {
  return `${Math.round(rate * 100)}${NBSP}%`;
}

/** A difference of two rates: "+62", with a real minus sign. */
export function signedPoints(difference: number): string {
  const points = Math.round(difference * 100);
  return points < 0 ? `\u2212${-points}` : `+${points}`;
}

export function pValue(p: number): string {
  if (p < 0.001) return "p < 0.001";
  return `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}

export function loss(value: number): string {
  if (!Number.isFinite(value)) return "not a number";
  return value < 0.01 && value > 0 ? value.toExponential(1) : value.toFixed(3);
}

/** 0.0002 → "2e-4": the way learning rates are spoken of. */
export function learningRate(value: number): string {
  if (value === 0) return "0";
  if (value >= 0.01) return String(Number(value.toPrecision(3)));
  return value.toExponential(2).replace(/\.?0+e/, "e");
}

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}${NBSP}s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return whole < 600 ? clock(whole) : `${minutes}${NBSP}min`;
  return `${Math.floor(minutes / 60)}${NBSP}h${NBSP}${String(minutes % 60).padStart(2, "0")}${NBSP}min`;
}

function clock(seconds: number): string {
  const rest = seconds % 60;
  const minutes = `${Math.floor(seconds / 60)}${NBSP}min`;
  return rest === 0 ? minutes : `${minutes}${NBSP}${rest}${NBSP}s`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${integer(count)} ${count === 1 ? one : many}`;
}
