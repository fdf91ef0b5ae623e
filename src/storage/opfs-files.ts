/**
 * Files in the browser's own file system (OPFS), for a worker. Only the handle of createSyncAccessHandle writes in place;
 * a writable stream would keep everything in a copy until it is closed, and a tab that dies would lose it all.
 */
import { AppError } from "@/errors";
import { checkName, type FileStore, storageError } from "./files";

/** All engines have it; the standard library's types do not yet. */
interface Movable {
  move(name: string): Promise<void>;
}

/** Throws what the browser throws where it has no such file system, as in some private windows. */
export async function opfsFiles(folder: string): Promise<FileStore> {
  const place = "this browser's storage for this page";
  const root = await navigator.storage.getDirectory();
  const directory = await root.getDirectoryHandle(folder, { create: true });
  const words = async <T>(name: string, task: () => Promise<T>): Promise<T> => {
    try {
      return await task();
    } catch (cause) {
      throw storageError(place, name, cause);
    }
  };
  const find = (name: string) =>
    directory.getFileHandle(checkName(name)).catch((cause: unknown) => {
      if ((cause as DOMException).name === "NotFoundError") return null;
      throw storageError(place, name, cause);
    });
  return {
    place,
    get: async (name) => {
      const handle = await find(name);
      return handle === null ? null : words(name, () => handle.getFile());
    },
    openWriter: (name, at) =>
      words(name, async () => {
        const handle = await directory.getFileHandle(checkName(name), { create: true });
        const access = await handle.createSyncAccessHandle();
        if (at > access.getSize()) {
          access.close();
          throw new AppError("storage/failed", `${name} ends before byte ${at}.`);
        }
        access.truncate(at);
        let next = at;
        return {
          write: (bytes) =>
            words(name, async () => {
              const written = access.write(bytes, { at: next });
              // Without room an engine may take a part, or, as Chromium does, answer with an error code as an unsigned
              // number: 2 ** 32 - 8 bytes "written". Only the size of the file is to be believed.
              if (written !== bytes.length || access.getSize() !== next + written) {
                throw new DOMException("", "QuotaExceededError");
              }
              next += written;
            }),
          close: () =>
            words(name, async () => {
              try {
                access.flush();
              } finally {
                access.close();
              }
            }),
        };
      }),
    rename: (from, to) =>
      words(from, async () => {
        const handle = await directory.getFileHandle(checkName(from));
        await (handle as unknown as Movable).move(checkName(to));
      }),
    delete: async (name) => {
      if ((await find(name)) !== null) await words(name, () => directory.removeEntry(name));
    },
    list: () =>
      words("the list of files", async () => {
        const files: { name: string; size: number }[] = [];
        for await (const [name, handle] of directory.entries()) {
          if (handle.kind === "file")
            files.push({ name, size: (await (handle as FileSystemFileHandle).getFile()).size });
        }
        return files;
      }),
  };
}
