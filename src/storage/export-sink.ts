/** A FileStore as the place of an export: temporary names end in ".part", and a rename makes a file whole. */
import type { FileStore } from "./files";

/** Structurally an ExportSink of src/export/format.ts, which this folder may not know. */
export interface StoreSink {
  readonly place: string;
  room(): Promise<number | null>;
  open(name: string): Promise<{
    write(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
    close(): Promise<void>;
    finish(): Promise<void>;
    abandon(): Promise<void>;
  }>;
}

/** `folderOf` gives the store of a folder below the place; "" is the place itself. */
export function storeSink(
  place: string,
  folderOf: (folder: string) => Promise<FileStore>,
  room: () => Promise<number | null>,
): StoreSink {
  return {
    place,
    room,
    open: async (name) => {
      const border = name.lastIndexOf("/");
      const store = await folderOf(name.slice(0, Math.max(0, border)));
      const final = name.slice(border + 1);
      const temporary = `${final}.part`;
      const writer = await store.openWriter(temporary, 0);
      let open = true;
      const close = async () => {
        if (!open) return;
        open = false;
        await writer.close();
      };
      let finished = false;
      return {
        write: (chunk) => writer.write(chunk),
        close,
        finish: async () => {
          await store.rename(temporary, final);
          finished = true;
        },
        abandon: async () => {
          await close().catch(() => {});
          if (!finished) await store.delete(temporary);
        },
      };
    },
  };
}
