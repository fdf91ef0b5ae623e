/**
 * The pool of slot buffers that all programs of a device share: they never run at once, so the training step, the
 * evaluation and the generation take turns in the same memory.
 */
import type { DeviceBuffer } from "@/graph/target";

export interface SlotPool {
  /** One distinct buffer for each wanted size, reusing what earlier programs left. */
  take(sizes: readonly number[]): DeviceBuffer[];
}

export function createSlotPool(allocate: (bytes: number, label: string) => DeviceBuffer): SlotPool {
  const pool: DeviceBuffer[] = [];
  return {
    take: (sizes) => {
      const free = [...pool].sort((a, b) => b.bytes - a.bytes);
      const taken: DeviceBuffer[] = [];
      const bySize = sizes.map((bytes, i) => ({ bytes, i })).sort((a, b) => b.bytes - a.bytes);
      for (const { bytes, i } of bySize) {
        // Largest first on both sides: whatever fits the largest need is not wasted on it.
        const fit = free.findLastIndex((buffer) => buffer.bytes >= bytes);
        const [reused] = fit >= 0 ? free.splice(fit, 1) : [];
        const buffer = reused ?? allocate(bytes, `slot ${pool.length}`);
        if (!reused) pool.push(buffer);
        taken[i] = buffer;
      }
      return taken;
    },
  };
}
