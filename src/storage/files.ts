/**
 * A small store of named files, flat, for what a person should not have to fetch twice. Three keep it: the browser's own
 * file system, a folder on disk, memory.
 *
 * The empty cases, alike in all three: a file that is absent is null, an empty one a Blob of 0 bytes; deleting what is
 * absent does nothing; renaming what is absent throws; a new store lists nothing. A file is as long as what was written
 * to it, also after a crash in the middle, and a rename happens whole or not at all: whoever writes under another name and
 * renames last leaves no half file under the right one.
 */
import { AppError } from "@/errors";

export interface StoredFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

export interface FileWriter {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

/** Throws "storage/full" when there is no room and "storage/failed" for everything else that a disk can do. */
export interface FileStore {
  /** Where the files lie, for people. */
  readonly place: string;
  get(name: string): Promise<Blob | null>;
  /** Goes on at byte `at`, which lies within the file or at its end; what lay behind it is cut off. 0 makes a new file. */
  openWriter(name: string, at: number): Promise<FileWriter>;
  /** Replaces what `to` was. */
  rename(from: string, to: string): Promise<void>;
  delete(name: string): Promise<void>;
  list(): Promise<StoredFile[]>;
}

export async function writeText(store: FileStore, name: string, text: string): Promise<void> {
  const temporary = `${name}.part`;
  const writer = await store.openWriter(temporary, 0);
  try {
    await writer.write(new TextEncoder().encode(text));
  } finally {
    await writer.close();
  }
  await store.rename(temporary, name);
}

/** Nothing that could mean another folder, whatever the file system; percent signs let any text be a name. */
export function checkName(name: string): string {
  if (/^[\w%@-][\w.%@-]{0,239}$/.test(name)) return name;
  throw new AppError("internal", `"${name}" cannot be the name of a stored file.`);
}

export function storageError(place: string, name: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const { name: kind = "", code = "" } = (cause ?? {}) as { name?: string; code?: string };
  if (kind === "QuotaExceededError" || code === "ENOSPC" || code === "EDQUOT") {
    return new AppError("storage/full", `There is no room left in ${place}.`, {
      hint: "Delete what is not needed there, then try again: it goes on where it stood.",
      cause,
    });
  }
  if (kind === "NoModificationAllowedError") {
    return new AppError("storage/failed", `Another tab is writing ${name} in ${place}.`, {
      hint: "Wait until it has finished, or close it.",
      cause,
    });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError("storage/failed", `${name} could not be kept in ${place}: ${why}`, {
    hint: "Check that the place can be written to.",
    cause,
  });
}
