/**
 * Who is at work on what, across tabs and processes: a run that says "running" but is held by nobody was interrupted. A
 * lock ends with its holder, however that one dies.
 */
export interface Locks {
  /** Waits for nobody: gives null when another holds it. Call the result to let go. */
  hold(name: string): Promise<(() => void) | null>;
  held(name: string): Promise<boolean>;
}

/** Within one process or tab. */
export function memoryLocks(): Locks {
  const names = new Set<string>();
  return {
    hold: async (name) => {
      if (names.has(name)) return null;
      names.add(name);
      return () => void names.delete(name);
    },
    held: async (name) => names.has(name),
  };
}

/** Web Locks, which the browser releases when a tab or worker goes. Plain HTTP pages have none. */
export function webLocks(manager: LockManager | undefined): Locks {
  if (!manager) return memoryLocks();
  const full = (name: string) => `burnish-run-${name}`;
  return {
    hold: (name) =>
      new Promise((resolve, reject) => {
        const keep = (lock: Lock | null) => {
          if (lock === null) return resolve(null);
          return new Promise<void>((letGo) => resolve(() => letGo()));
        };
        manager.request(full(name), { ifAvailable: true }, keep).catch(reject);
      }),
    held: async (name) => ((await manager.query()).held ?? []).some((lock) => lock.name === full(name)),
  };
}
