/** A body cut where its headings are, or further, where its paragraphs end; a fenced block is never cut. */

export interface Section {
  /** "Setup › Linux"; before the first heading "(opening)"; of a paragraph also its number and first words. */
  readonly name: string;
  /** Lines of the body, from 0; the end is exclusive. */
  readonly from: number;
  readonly to: number;
}

const HEADING = /^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

export function sectionsOf(body: string): Section[] {
  const lines = body.split("\n");
  const path: { level: number; title: string }[] = [];
  const found: { name: string; from: number }[] = [];
  const inFence = fences(lines);
  for (const [i, line] of lines.entries()) {
    const heading = inFence[i] ? null : HEADING.exec(line);
    if (heading) {
      const [, { length: level } = "", title = ""] = heading;
      while ((path.at(-1)?.level ?? 0) >= level) path.pop();
      path.push({ level, title });
      found.push({ name: path.map((one) => one.title).join(" › "), from: i });
    } else if (i === 0) found.push({ name: "(opening)", from: 0 });
  }
  return found
    .map(({ name, from }, i) => ({ name, from, to: found[i + 1]?.from ?? lines.length }))
    .filter(({ from, to }) => lines.slice(from, to).some((line) => line.trim() !== ""));
}

/** Paragraphs within the sections, headings apart from them left out: they go with nothing but their section. */
export function paragraphsOf(body: string): Section[] {
  const lines = body.split("\n");
  const inFence = fences(lines);
  return sectionsOf(body).flatMap(({ name, from, to }) => {
    const found: { from: number; to: number }[] = [];
    let start = -1;
    for (let i = from; i <= to; i++) {
      const line = i < to ? (lines[i] ?? "") : "";
      const heading = i === from && HEADING.test(line);
      const ends = i === to || heading || (line.trim() === "" && !inFence[i]);
      if (ends && start >= 0) found.push({ from: start, to: i });
      if (ends) start = -1;
      else if (start < 0) start = i;
    }
    return found.map((piece, i) => ({ ...piece, name: `${name} ¶${i + 1} ${opening(lines[piece.from] ?? "")}` }));
  });
}

/** The body without one of its sections. */
export function without(body: string, { from, to }: Section): string {
  const lines = body.split("\n");
  return [...lines.slice(0, from), ...lines.slice(to)]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

export const textOf = (body: string, { from, to }: Section): string =>
  body.split("\n").slice(from, to).join("\n").trim();

/** Per line, whether it is within a fenced block, its fences included. An open fence reaches to the end. */
function fences(lines: readonly string[]): boolean[] {
  let open = "";
  return lines.map((line) => {
    const mark = FENCE.exec(line)?.[1] ?? "";
    if (open === "") {
      open = mark;
      return mark !== "";
    }
    if (mark !== "" && mark[0] === open[0] && mark.length >= open.length && line.trim() === mark) open = "";
    return true;
  });
}

const opening = (line: string): string => {
  const words = line.trim();
  return words.length > 40 ? `“${words.slice(0, 39)}…”` : `“${words}”`;
};
