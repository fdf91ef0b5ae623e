/**
 * A small database of JSON objects by key. A record is replaced whole or not at all, and is on the disk when `put` has
 * ended. What comes back is what was written by anyone, so readers parse it.
 */
export interface RecordStore {
  readonly place: string;
  get(key: string): Promise<unknown>;
  all(): Promise<unknown[]>;
  put(key: string, value: object): Promise<void>;
  delete(key: string): Promise<void>;
}

/** For tests, and for browsers that give a page no storage. */
export function memoryRecords(): RecordStore {
  const kept = new Map<string, string>();
  const read = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
  return {
    place: "memory",
    get: async (key) => read(kept.get(key)),
    all: async () => [...kept.values()].map(read),
    put: async (key, value) => void kept.set(key, JSON.stringify(value)),
    delete: async (key) => void kept.delete(key),
  };
}
