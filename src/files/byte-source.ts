/**
 * Random access to bytes that need not be in memory: a file on disk, a Blob of the page, or an array.
 * Readers of formats take this, so that a model of gigabytes is read tensor by tensor.
 */
import { AppError } from "@/errors";

export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /** Exactly `length` bytes. Throws "file/truncated" when the range does not lie inside. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

export function fromBlob(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async read(offset, length) {
      requireRange(offset, length, blob.size);
      const bytes = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      // A file that shrank on disk after it was picked gives fewer bytes rather than an error.
      requireRange(0, length, bytes.length);
      return bytes;
    },
  };
}

export function fromBytes(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async read(offset, length) {
      requireRange(offset, length, bytes.length);
      // Not bytes.slice, which in a Node Buffer would give a view.
      const copy = new Uint8Array(length);
      copy.set(bytes.subarray(offset, offset + length));
      return copy;
    },
  };
}

function requireRange(offset: number, length: number, size: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (inside && offset + length <= size) return;
  throw new AppError(
    "file/truncated",
    `The file ends at byte ${size}, but bytes ${offset} to ${offset + length} are needed.`,
    {
      hint: "Download or copy the file again; it is not complete.",
    },
  );
}
