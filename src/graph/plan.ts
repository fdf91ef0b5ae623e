/**
 * From a traced list to a program that can be allocated: calls whose results nobody reads are dropped, and
 * temporaries share slots. A slot is one whole buffer. Values whose lifetimes do not overlap take turns in it; values
 * alive at once may lie beside each other as long as no call reads one and writes the other, which WebGPU forbids within
 * a buffer, whatever the ranges. Largest values are placed first (greedy by size, Pisarchyk and Lee 2020), each where memory
 * grows least by it, at the end of a slot if need be; among equals in the largest slot, so that few large ones remain, in which
 * whatever comes later finds room, rather than many that fit one value each.
 */
import { type Graph, storagesOf } from "@/graph/graph";
import type { Call, Place, Program, Storage, Tensor } from "@/graph/target";

interface Lifetime {
  readonly storage: Storage;
  readonly first: number;
  last: number;
  /** Temporaries that some call writes while it reads this one, or reads while it writes this one. */
  readonly apart: Set<Storage>;
}

interface Slot {
  bytes: number;
  /** By offset. */
  readonly taken: { readonly life: Lifetime; readonly offset: number }[];
}

/** Up to here a slot may grow beyond its largest value: a buffer that every WebGPU device makes. */
const MOST_BYTES = 2 ** 28;
/** What a device can bind at. */
const ALIGNMENT = 256;

export function compileGraph(graph: Graph): Program {
  const { calls, pause } = prune(graph.calls, graph.pausedAt ?? graph.calls.length);
  const lifetimes = lifetimesOf(calls);
  const slots: Slot[] = [];
  const placeOf = new Map<Storage, Place>();
  for (const life of [...lifetimes].sort((a, b) => b.storage.bytes - a.storage.bytes || a.first - b.first)) {
    const { bytes } = life.storage;
    let best = { slot: slots.length, offset: 0, growth: bytes };
    slots.forEach((slot, i) => {
      const offset = roomFor(life, slot);
      if (offset === undefined) return;
      const growth = Math.max(0, offset + bytes - slot.bytes);
      const roomier = growth === best.growth && slot.bytes > (slots[best.slot]?.bytes ?? 0);
      if (growth < best.growth || roomier) best = { slot: i, offset, growth };
    });
    const slot = slots[best.slot] ?? { bytes: 0, taken: [] };
    slots[best.slot] = slot;
    slot.bytes += best.growth;
    const behind = slot.taken.findIndex(({ offset }) => offset > best.offset);
    slot.taken.splice(behind < 0 ? slot.taken.length : behind, 0, { life, offset: best.offset });
    placeOf.set(life.storage, { slot: best.slot, offset: best.offset });
  }
  return {
    name: graph.name,
    calls,
    pause,
    slots: slots.map((slot) => slot.bytes),
    placeOf,
    peakBytes: peak(lifetimes, calls.length),
  };
}

/** The first offset at which a slot has room for a value as long as it lives. */
function roomFor({ storage, first, last, apart }: Lifetime, slot: Slot): number | undefined {
  let offset = 0;
  let found = false;
  for (const { life, offset: from } of slot.taken) {
    if (life.last < first || last < life.first) continue;
    if (apart.has(life.storage)) return undefined;
    found ||= offset + storage.bytes <= from;
    if (!found) offset = Math.max(offset, Math.ceil((from + life.storage.bytes) / ALIGNMENT) * ALIGNMENT);
  }
  return offset + storage.bytes <= Math.max(slot.bytes, MOST_BYTES) ? offset : undefined;
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
    const touch = ({ storage }: Tensor): Lifetime[] => {
      if (storage.external) return [];
      const life = lives.get(storage) ?? { storage, first: i, last: i, apart: new Set() };
      life.last = i;
      lives.set(storage, life);
      return [life];
    };
    const reads = operands(item.reads).flatMap(touch);
    for (const written of operands(item.writes).flatMap(touch)) {
      for (const read of reads) {
        read.apart.add(written.storage);
        written.apart.add(read.storage);
      }
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
  const placed = (place: Place | undefined) => `@${place?.slot}${place?.offset ? `+${place.offset}` : ""}`;
  const show = (name: string, { shape, storage }: Tensor) =>
    `${name}[${shape.join(",")}]${storage.external ? `=${storage.name}` : placed(program.placeOf.get(storage))}`;
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
