/** The tree of files that a document draws, to be held against the disk. */

/** Paths in the first code block that has a line `src/`; folders end in a slash, deeper entries stand further right. */
export function treeOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```\w*\n([\s\S]*?)^```|^```\w*\n([\s\S]*?)```$/gm)].map(
    ([, a, b]) => a ?? b ?? "",
  );
  const block = blocks.find((text) => /^[\s│├└─]*src\/(\s|$)/m.test(text)) ?? "";
  const open: { indent: number; path: string }[] = [];
  return block.split("\n").flatMap((line) => {
    const match = /^([\s│├└─]*)([\w.@-]+\/?)(?=\s|$)/.exec(line);
    if (!match) return [];
    const [, lead = "", name = ""] = match;
    while ((open.at(-1)?.indent ?? -1) >= lead.length) open.pop();
    const path = `${open.at(-1)?.path ?? ""}${name}`;
    if (name.endsWith("/")) open.push({ indent: lead.length, path });
    return [path.replace(/\/$/, "")];
  });
}
