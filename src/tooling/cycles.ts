/** Cycles of a graph of files. */

/** Groups of files that reach each other, through types too. */
export function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const reach = new Map([...graph.keys()].map((node) => [node, reachableFrom(node, graph)]));
  const groups = [...reach].flatMap(([node, reached]) =>
    reached.has(node)
      ? [
          [...reached]
            .filter((other) => reach.get(other)?.has(node))
            .sort()
            .join(" ↔ "),
        ]
      : [],
  );
  return [...new Set(groups)];
}

function reachableFrom(node: string, graph: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...(graph.get(node) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    open.push(...(graph.get(next) ?? []));
  }
  return reached;
}
