/**
 * What was measured of a GPU, kept as records so that it holds across sessions: the same forms, and so the same bits. A
 * store that cannot be read or written costs a measurement, never a run.
 */
import * as z from "zod/mini";
import type { TuningStore } from "@/gpu/autotune";
import type { RecordStore } from "@/storage/records";

const RECORD = z.object({ key: z.string().check(z.maxLength(2000)), value: z.string().check(z.maxLength(100_000)) });

export function tuningStore(open: () => Promise<RecordStore>): TuningStore {
  let opened: Promise<RecordStore> | undefined;
  const records = () => {
    opened ??= open();
    return opened;
  };
  return {
    get: async (key) => {
      const stored: unknown = await records()
        .then((store) => store.get(nameOf(key)))
        .catch(() => undefined);
      const record = RECORD.safeParse(stored).data;
      return record?.key === key ? record.value : undefined;
    },
    set: async (key, value) => {
      await records()
        .then((store) => store.put(nameOf(key), { key, value }))
        .catch(() => undefined);
    },
  };
}

/** A name that any store takes (FNV-1a); the record holds the key itself, in case two share a name. */
function nameOf(key: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return `tuning-${(hash >>> 0).toString(16)}`;
}
