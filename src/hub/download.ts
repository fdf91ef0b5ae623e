/**
 * One file from the Hub into the store. It grows under a temporary name, goes on after a cut at the byte where it stands
 * (a Range request to a fixed commit), and takes its own name only when size and digest are those of the Hub's list. The
 * name is the digest, so bytes of another version can never be continued.
 */
import { AppError } from "@/errors";
import type { FileStore, FileWriter } from "@/storage/files";
import { ask, type Hub, PATIENCE, patiently, stopped } from "./client";
import { blobName, createHasher, type Hasher } from "./digest";
import { filePath, type HubFile } from "./models";

/** How many bytes of the file are here, and how many of them came with this call. */
export type OnBytes = (have: number, fetched: number) => void;

interface Transfer {
  readonly hub: Hub;
  readonly store: FileStore;
  readonly repo: string;
  readonly sha: string;
  readonly file: HubFile;
  /** The temporary name. */
  readonly partial: string;
  readonly onBytes: OnBytes;
}

interface Progress {
  /** Bytes that are stored and hashed. */
  at: number;
  hasher: Hasher;
  /** More came than the list says, so what is here cannot be right either. */
  overlong: boolean;
}

/** Is it there, whole? Only what was checked ever gets this name; the size is looked at once more. */
export async function stored(store: FileStore, { digest, size }: HubFile): Promise<Blob | null> {
  const blob = await store.get(blobName(digest));
  return blob?.size === size ? blob : null;
}

/** Asks nothing for a file that is stored. */
export async function downloadFile(
  hub: Hub,
  store: FileStore,
  { repo, sha }: { repo: string; sha: string },
  file: HubFile,
  onBytes: OnBytes,
): Promise<void> {
  if (await stored(store, file)) return onBytes(file.size, 0);
  const partial = `${blobName(file.digest)}.part`;
  const transfer: Transfer = { hub, store, repo, sha, file, partial, onBytes };
  const progress = await standing(transfer);
  const resumed = progress.at > 0;
  await complete(transfer, progress);
  if (progress.overlong || progress.hasher.hex() !== file.digest.hex) {
    await store.delete(partial);
    if (!resumed) throw corrupt(file, "its content is not what the Hub's list says");
    // What an earlier visit left may be the damaged part; one fetch of the whole decides.
    return downloadFile(hub, store, { repo, sha }, file, onBytes);
  }
  await store.rename(partial, blobName(file.digest));
}

/** What an earlier visit left, read again for its digest. */
async function standing({ store, file, partial, onBytes }: Transfer): Promise<Progress> {
  const { kind } = file.digest;
  const hasher = await createHasher(kind, file.size);
  const left = await store.get(partial);
  if (!left || left.size > file.size) return { at: 0, hasher, overlong: false };
  const reader = left.stream().getReader();
  let at = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    hasher.update(piece.value);
    at += piece.value.length;
  }
  onBytes(at, 0);
  return { at, hasher, overlong: false };
}

async function complete(transfer: Transfer, progress: Progress): Promise<void> {
  const { hub, store, file, partial } = transfer;
  if (file.size === 0) await (await store.openWriter(partial, 0)).close();
  const part = async () => {
    while (progress.at < file.size) await receive(transfer, progress);
  };
  await patiently(hub, () => progress.at, part);
}

/** One request, as far as it goes. Throws "network/failed" when it ends early. */
async function receive(transfer: Transfer, progress: Progress): Promise<void> {
  const { hub, store, repo, sha, file, partial } = transfer;
  const { stall } = hub.patience ?? PATIENCE;
  const cut = new AbortController();
  const stop = () => cut.abort();
  let timer = setTimeout(stop, stall);
  hub.signal?.addEventListener("abort", stop);
  let writer: FileWriter | undefined;
  try {
    const range = { Range: `bytes=${progress.at}-` };
    const response = await ask(hub, filePath(repo, sha, file.path), repo, range, cut.signal);
    requireSize(response, file);
    if (response.status !== 206 && progress.at > 0) {
      // The server sends the whole again, so the count starts again too.
      progress.at = 0;
      progress.hasher = await createHasher(file.digest.kind, file.size);
    }
    if (!response.body) throw cutOff(transfer, progress);
    writer = await store.openWriter(partial, progress.at);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (done || progress.overlong) break;
      timer = setTimeout(stop, stall);
      await accept(transfer, progress, writer, value);
    }
  } catch (error) {
    throw stopped(hub) ?? (error instanceof AppError ? error : cutOff(transfer, progress, error));
  } finally {
    clearTimeout(timer);
    cut.abort();
    hub.signal?.removeEventListener("abort", stop);
    await writer?.close();
  }
  if (progress.at < file.size) throw cutOff(transfer, progress);
}

async function accept(
  { file, onBytes }: Transfer,
  progress: Progress,
  writer: FileWriter,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (progress.at + bytes.length > file.size) {
    progress.overlong = true;
    progress.at = file.size;
    return;
  }
  await writer.write(bytes);
  progress.hasher.update(bytes);
  progress.at += bytes.length;
  onBytes(progress.at, bytes.length);
}

/** Where the server says how long the whole is, another length is known before a byte is taken. */
function requireSize(response: Response, file: HubFile): void {
  const html = response.headers.get("content-type")?.startsWith("text/html") && !file.path.endsWith(".html");
  const total = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  if (total !== undefined && Number(total) !== file.size) {
    throw corrupt(file, `it has ${total} bytes, the Hub's list says ${file.size}`);
  }
  if (html) throw corrupt(file, "a web page came in its place");
}

function corrupt({ path }: HubFile, why: string): AppError {
  return new AppError("hub/corrupt", `${path} did not arrive as it is: ${why}.`, {
    hint: "It was not kept. Try again; if it happens again, something on the way changes it.",
  });
}

function cutOff({ file, hub }: Transfer, { at }: Progress, cause?: unknown): AppError {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const where = `${mb(at)} of ${mb(file.size)}`;
  return new AppError(
    "network/failed",
    `The connection to ${new URL(hub.endpoint).host} broke at ${where} of ${file.path}.`,
    {
      hint: "Check the connection, then try again: it goes on from there.",
      cause,
    },
  );
}
