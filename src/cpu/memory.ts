/**
 * One WebAssembly memory and who has which part of it: first fit at multiples of 64 bytes, freed neighbours merge.
 * The memory grows by what is asked for, at least 16 MB, and never shrinks; addresses end at 4 GB.
 */
import { AppError } from "@/errors";

export interface Heap {
  readonly memory: WebAssembly.Memory;
  /** Address of zero-filled bytes. Throws AppError "device/out-of-memory". */
  allocate(bytes: number, label: string): number;
  free(address: number): void;
  /** The bytes now; invalid after the next allocation. */
  view(address: number, bytes: number): Uint8Array;
}

const ALIGNMENT = 64;
const PAGE = 65_536;
/** The last page stays out, so that no kernel's address computation wraps. */
export const MOST_PAGES = 65_535;
const LEAST_GROWTH = 256;

interface Range {
  start: number;
  end: number;
}

export function createMemory(shared: boolean): WebAssembly.Memory {
  // Engines reserve the address space of a shared memory at once; a small device may not grant all of it.
  for (let maximum = MOST_PAGES; maximum > 2048; maximum = Math.ceil(maximum / 2)) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw outOfMemory("The engine", 128 * 2 ** 20);
}

export function createHeap(memory: WebAssembly.Memory, budget = MOST_PAGES * PAGE): Heap {
  // Address 0 means "no operand" to the kernels, so the first line stays out.
  const free: Range[] = [{ start: ALIGNMENT, end: memory.buffer.byteLength }];
  const taken = new Map<number, number>();
  /** Memory that was never handed out is zero already. */
  let touched = 0;

  const grow = (bytes: number, label: string) => {
    const end = memory.buffer.byteLength;
    const last = free.at(-1);
    const spare = last?.end === end ? end - last.start : 0;
    const needed = Math.ceil((bytes - spare) / PAGE);
    const room = Math.floor(budget / PAGE) - end / PAGE;
    if (needed > room) throw outOfMemory(label, bytes);
    const pages = Math.min(Math.max(needed, LEAST_GROWTH), room);
    try {
      memory.grow(pages);
    } catch (cause) {
      throw outOfMemory(label, bytes, cause);
    }
    if (last && spare > 0) last.end += pages * PAGE;
    else free.push({ start: end, end: end + pages * PAGE });
  };

  const allocate = (bytes: number, label: string): number => {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    let i = free.findIndex(({ start, end }) => end - start >= size);
    if (i < 0) {
      grow(size, label);
      i = free.length - 1;
    }
    const range = free[i];
    if (!range) throw outOfMemory(label, bytes);
    const address = range.start;
    range.start += size;
    if (range.start === range.end) free.splice(i, 1);
    taken.set(address, size);
    if (address < touched) new Uint8Array(memory.buffer, address, size).fill(0);
    touched = Math.max(touched, address + size);
    return address;
  };

  const release = (address: number) => {
    const size = taken.get(address);
    if (size === undefined) throw new AppError("internal", `Address ${address} was not allocated, or freed twice.`);
    taken.delete(address);
    const range = { start: address, end: address + size };
    const next = free.findIndex(({ start }) => start > address);
    const at = next < 0 ? free.length : next;
    const above = free[at];
    if (above?.start === range.end) {
      range.end = above.end;
      free.splice(at, 1);
    }
    const below = free[at - 1];
    if (below?.end === address) below.end = range.end;
    else free.splice(at, 0, range);
  };

  const view = (address: number, bytes: number) => new Uint8Array(memory.buffer, address, bytes);
  return { memory, allocate, free: release, view };
}

function outOfMemory(label: string, bytes: number, cause?: unknown): AppError {
  const wanted = `${Math.ceil(bytes / 2 ** 20)} MB`;
  return new AppError("device/out-of-memory", `${label} needs ${wanted} more than the CPU engine can get.`, {
    hint: "Try a shorter maximum length, a smaller batch, a smaller model or a 4-bit base; the limit is 4 GB in all.",
    cause,
  });
}
