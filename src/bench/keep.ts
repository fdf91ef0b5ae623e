/** Results of a trace that are read from outside: their storages become externals of the given names. */
import type { Graph } from "@/graph/graph";
import type { Storage, Tensor } from "@/graph/target";

export function keep(g: Graph, results: Readonly<Record<string, Tensor | undefined>>): void {
  const names = new Map<Storage, Storage>();
  for (const [name, tensor] of Object.entries(results)) {
    if (tensor && !tensor.storage.external)
      names.set(tensor.storage, { name, bytes: tensor.storage.bytes, external: true });
  }
  const swap = (record: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(
      Object.entries(record).map(([key, t]) => [key, { ...t, storage: names.get(t.storage) ?? t.storage }]),
    );
  const renamed = g.calls.map((item) => ({ ...item, reads: swap(item.reads), writes: swap(item.writes) }));
  g.calls.splice(0, g.calls.length, ...renamed);
}
