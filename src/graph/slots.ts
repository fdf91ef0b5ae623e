/**
 * The pool of slot buffers that all programs of a device share: they never run at once, so the training step, the
 * evaluation and the generation take turns in the same memory. What no program uses any more goes when something larger is
 * needed, so that one run's slots are not kept beside the next one's.
 */
import type { DeviceBuffer } from "@/graph/target";

export interface SlotPool {
  /** One distinct buffer for each wanted size, reusing what other programs have or left; to be given back. */
  take(sizes: readonly number[]): readonly DeviceBuffer[];
  give(buffers: readonly DeviceBuffer[]): void;
  /** Makes room for these until the next call of it. */
  reserve(sizes: readonly number[]): void;
}

/** For each size the smallest of what is there that holds it, each given once. */
function fitted<T extends { readonly bytes: number }>(
  there: readonly T[],
  sizes: readonly number[],
): (T | undefined)[] {
  const left = [...there].sort((a, b) => b.bytes - a.bytes);
  const taken: (T | undefined)[] = sizes.map(() => undefined);
  const bySize = sizes.map((bytes, i) => ({ bytes, i })).sort((a, b) => b.bytes - a.bytes);
  for (const { bytes, i } of bySize) {
    // Largest first on both sides: whatever fits the largest need is not wasted on it.
    const fit = left.findLastIndex((buffer) => buffer.bytes >= bytes);
    if (fit >= 0) taken[i] = left.splice(fit, 1)[0];
  }
  return taken;
}

/** Bytes that a program's slots take beside another's, which they share as far as they fit. */
export function bytesBeside(slots: readonly number[], others: readonly number[]): number {
  const there = slots.map((bytes) => ({ bytes }));
  return fitted(there, others).reduce((sum, found, i) => sum + (found ? 0 : (others[i] ?? 0)), 0);
}

export function createSlotPool(
  allocate: (bytes: number, label: string) => DeviceBuffer,
  free: (buffer: DeviceBuffer) => void,
): SlotPool {
  /** How many hold each buffer. */
  const users = new Map<DeviceBuffer, number>();
  let reserved: readonly DeviceBuffer[] = [];
  let made = 0;
  const use = (buffer: DeviceBuffer, more: 1 | -1) => users.set(buffer, (users.get(buffer) ?? 0) + more);
  const dropIdle = (wanted: ReadonlySet<DeviceBuffer>) => {
    for (const [buffer, count] of users) {
      if (count > 0 || wanted.has(buffer)) continue;
      users.delete(buffer);
      free(buffer);
    }
  };

  const take = (sizes: readonly number[]) => {
    const taken = fitted([...users.keys()], sizes);
    if (taken.includes(undefined)) dropIdle(new Set(taken.filter((buffer) => buffer !== undefined)));
    const found: DeviceBuffer[] = [];
    try {
      sizes.forEach((bytes, i) => {
        const buffer = taken[i] ?? allocate(bytes, `slot ${made++}`);
        use(buffer, 1);
        found.push(buffer);
      });
    } catch (error) {
      // Whoever ran out of memory holds nothing of it.
      give(found);
      throw error;
    }
    return found;
  };
  const give = (buffers: readonly DeviceBuffer[]) => {
    for (const buffer of buffers) use(buffer, -1);
  };
  return {
    take,
    give,
    reserve: (sizes) => {
      give(reserved);
      reserved = [];
      reserved = take(sizes);
    },
  };
}
