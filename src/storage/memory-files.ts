/** Files in memory, until the end of the tab: for tests, and for browsers that give a page no storage. */
import { AppError } from "@/errors";
import { checkName, type FileStore, storageError } from "./files";

export function memoryFiles(room = Number.POSITIVE_INFINITY): FileStore {
  const place = "memory";
  const files = new Map<string, Blob>();
  const used = () => [...files.values()].reduce((sum, { size }) => sum + size, 0);
  return {
    place,
    get: async (name) => files.get(checkName(name)) ?? null,
    openWriter: async (name, at) => {
      const before = files.get(checkName(name)) ?? new Blob();
      if (at > before.size) throw new AppError("storage/failed", `${name} ends at byte ${before.size}, not ${at}.`);
      files.set(name, before.slice(0, at));
      return {
        write: async (bytes) => {
          if (used() + bytes.length > room) throw storageError(place, name, { name: "QuotaExceededError" });
          files.set(name, new Blob([files.get(name) ?? "", bytes]));
        },
        close: async () => {},
      };
    },
    rename: async (from, to) => {
      const file = files.get(from);
      if (!file) throw new AppError("storage/failed", `There is no ${from} in ${place}.`);
      files.set(checkName(to), file);
      files.delete(from);
    },
    delete: async (name) => {
      files.delete(name);
    },
    list: async () => [...files].map(([name, { size }]) => ({ name, size })),
  };
}
