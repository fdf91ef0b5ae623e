/** Files in a folder on disk, for Node. The folder is made when something is written first. */
import { openAsBlob } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "@/errors";
import { checkName, type FileStore, storageError } from "./files";

export function diskFiles(folder: string): FileStore {
  const pathOf = (name: string) => join(folder, checkName(name));
  const words = async <T>(name: string, task: () => Promise<T>): Promise<T> => {
    try {
      return await task();
    } catch (cause) {
      throw storageError(folder, name, cause);
    }
  };
  return {
    place: folder,
    get: async (name) => {
      const path = pathOf(name);
      if (!(await isFile(path))) return null;
      return words(name, () => openAsBlob(path));
    },
    openWriter: async (name, at) => {
      const path = pathOf(name);
      return words(name, async () => {
        await mkdir(folder, { recursive: true });
        const file = await open(path, at === 0 ? "w" : "r+");
        const { size } = await file.stat();
        if (at > size) {
          await file.close();
          throw new AppError("storage/failed", `${name} ends at byte ${size}, not ${at}.`);
        }
        await file.truncate(at);
        let next = at;
        return {
          write: (bytes) =>
            words(name, async () => {
              // Each piece has its place, so that two processes that fetch the same file do each other no harm.
              for (let from = 0; from < bytes.length; ) {
                const { bytesWritten } = await file.write(bytes, from, bytes.length - from, next);
                from += bytesWritten;
                next += bytesWritten;
              }
            }),
          close: () => words(name, () => file.close()),
        };
      });
    },
    rename: (from, to) => words(from, () => rename(pathOf(from), pathOf(to))),
    delete: (name) => words(name, () => rm(pathOf(name), { force: true })),
    list: async () => {
      const names = await readdir(folder).catch(() => []);
      const known = names.filter((name) => /^[\w%@-]/.test(name));
      const files = await Promise.all(known.map(async (name) => ({ name, info: await statOf(join(folder, name)) })));
      return files.flatMap(({ name, info }) => (info?.isFile() ? [{ name, size: info.size }] : []));
    },
  };
}

/** A place for exports, and the bytes that its disk has left. */
export function diskExports(place: string) {
  const room = async () => {
    // The place need not exist yet; its nearest folder that does lies on the same disk.
    for (let folder = resolve(place); ; folder = dirname(folder)) {
      const found = await statfs(folder).catch(() => undefined);
      if (found) return found.bavail * found.bsize;
      if (folder === dirname(folder)) return null;
    }
  };
  return { folder: async (name: string) => diskFiles(join(place, name)), room };
}

const statOf = (path: string) => stat(path).catch(() => undefined);
const isFile = async (path: string) => (await statOf(path))?.isFile() === true;
