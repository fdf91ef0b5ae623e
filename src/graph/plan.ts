/**
 * From a traced list to a program that can be allocated: calls whose results nobody reads are dropped, and
 * temporaries share slots. A slot is one whole buffer; values whose lifetimes do not overlap may take turns in it.
 * Largest values are placed first, each in the tightest slot that is free for its lifetime (greedy by size,
 * Pisarchyk and Lee 2020).
 */
import { type Graph, storagesOf } from "@/graph/graph";
import type { Call, Program, Storage, Tensor } from "@/graph/target";

interface Lifetime {
  readonly storage: Storage;
  readonly first: number;
  last: number;
}

export function compileGraph(graph: Graph): Program {
  const { calls, pause } = prune(graph.calls, graph.pausedAt ?? graph.calls.length);
  const lifetimes = lifetimesOf(calls);
  const slots: { bytes: number; taken: Lifetime[] }[] = [];
  const slotOf = new Map<Storage, number>();
  for (const life of [...lifetimes].sort((a, b) => b.storage.bytes - a.storage.bytes || a.first - b.first)) {
    let best = -1;
    slots.forEach((slot, i) => {
      const free = slot.taken.every((other) => other.last < life.first || life.last < other.first);
      const tighter = best < 0 || slot.bytes < (slots[best]?.bytes ?? 0);
      if (free && slot.bytes >= life.storage.bytes && tighter) best = i;
    });
    if (best < 0) best = slots.push({ bytes: life.storage.bytes, taken: [] }) - 1;
    slots[best]?.taken.push(life);
    slotOf.set(life.storage, best);
  }
  return {
    name: graph.name,
    calls,
    pause,
    slots: slots.map((slot) => slot.bytes),
    slotOf,
    peakBytes: peak(lifetimes, calls.length),
  };
}

const operands = (record: Readonly<Record<string, Tensor>>) => Object.values(record);

/** Keeps calls that write to externals, or to temporaries that a kept later call reads. */
function prune(calls: readonly Call[], pausedAt: number): { calls: Call[]; pause: number } {
  const wanted = new Set<Storage>();
  const kept: Call[] = [];
  let dropped = 0;
  for (const [at, item] of [...calls.entries()].reverse()) {
    if (!operands(item.writes).some(({ storage }) => storage.external || wanted.has(storage))) {
      if (at < pausedAt) dropped++;
      continue;
    }
    // What a kept call updates in place must have been made, too.
    for (const { storage } of [...operands(item.reads), ...operands(item.writes)]) wanted.add(storage);
    kept.push(item);
  }
  return { calls: kept.reverse(), pause: pausedAt - dropped };
}

function lifetimesOf(calls: readonly Call[]): Lifetime[] {
  const lives = new Map<Storage, Lifetime>();
  calls.forEach((item, i) => {
    for (const { storage } of [...operands(item.reads), ...operands(item.writes)]) {
      if (storage.external) continue;
      const life = lives.get(storage);
      if (life) life.last = i;
      else lives.set(storage, { storage, first: i, last: i });
    }
  });
  return [...lives.values()];
}

function peak(lifetimes: readonly Lifetime[], length: number): number {
  const change = new Float64Array(length + 1);
  for (const { storage, first, last } of lifetimes) {
    change[first] = (change[first] ?? 0) + storage.bytes;
    change[last + 1] = (change[last + 1] ?? 0) - storage.bytes;
  }
  let live = 0;
  let most = 0;
  for (const bytes of change) {
    live += bytes;
    most = Math.max(most, live);
  }
  return most;
}

export function slotBytes(program: Program): number {
  return program.slots.reduce((sum, bytes) => sum + bytes, 0);
}

/** The list for people, one call a line: number, label, outputs with shape and slot. */
export function printProgram(program: Program): string {
  const show = (name: string, { shape, storage }: Tensor) =>
    `${name}[${shape.join(",")}]${storage.external ? `=${storage.name}` : `@${program.slotOf.get(storage)}`}`;
  const lines = program.calls.map(({ label, writes }, i) => {
    const outputs = Object.entries(writes).map(([name, tensor]) => show(name, tensor));
    return `${String(i).padStart(4)} ${label} → ${outputs.join(" ")}`;
  });
  const externals = storagesOf(program.calls, true).length;
  return [
    `${program.name}: ${program.calls.length} calls, ${externals} externals, ${program.slots.length} slots`,
    ...lines,
  ].join("\n");
}
