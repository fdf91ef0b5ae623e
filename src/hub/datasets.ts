/**
 * Datasets of the Hub: `hf:datasets/owner/name[:config[:split]]`, or the address of a page. The datasets server says where
 * their Parquet copies lie; those are read by range, a piece at a time, and nothing is kept.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { ByteSource } from "@/files/byte-source";
import { ask, type Hub, impatient, isLoopback, patiently, readJson } from "./client";

const Reference = z.object({
  repo: z.string().check(z.maxLength(96), z.regex(/^(?!.*(--|\.\.))\w[\w.-]*(?<![.-])(\/\w[\w.-]*(?<![.-]))?$/)),
  config: z.optional(z.string().check(z.maxLength(200), z.regex(/^[^/\\?#]+$/))),
  split: z.optional(z.string().check(z.maxLength(100), z.regex(/^[\w.+-]+$/))),
});
export type DatasetReference = z.infer<typeof Reference>;

const PREFIX = /^(?:hf:datasets\/|(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\/datasets\/)/i;

export const isDatasetReference = (text: string) => PREFIX.test(text.trim());

export function parseDatasetReference(text: string): DatasetReference {
  const [repo = "", config, split] = text
    .trim()
    .replace(PREFIX, "")
    .replace(/[?#].*$|\/+$/g, "")
    .replace(/\/(tree|viewer|blob)\/.*$/, "")
    .split(":");
  const parsed = z.safeParse(Reference, { repo, ...(config ? { config } : {}), ...(split ? { split } : {}) });
  if (parsed.success) return parsed.data;
  throw new AppError("usage", `"${text.slice(0, 80)}" does not name a dataset on the Hub.`, {
    hint: "Write hf:datasets/owner/name, with :config and :split behind it where there are several.",
  });
}

const ParquetList = z.object({
  parquet_files: z.array(
    z.object({ config: z.string(), split: z.string(), url: z.string(), filename: z.string(), size: z.number() }),
  ),
  partial: z.optional(z.boolean()),
});

export interface DatasetShards {
  readonly config: string;
  readonly split: string;
  readonly shards: readonly { readonly name: string; readonly source: ByteSource }[];
  /** Only the beginning of a large set is converted. */
  readonly partial: boolean;
}

/** Throws "hub/not-found" that lists what there is, "hub/denied", "network/failed". */
export async function datasetShards(hub: Hub, reference: DatasetReference): Promise<DatasetShards> {
  const { repo } = reference;
  const server: Hub = { ...impatient(hub, 2), endpoint: datasetsServer(hub.endpoint) };
  const path = `/parquet?dataset=${encodeURIComponent(repo)}`;
  const list = await patiently(
    server,
    () => 0,
    async () => readJson(await ask(server, path, `datasets/${repo}`), "The list of the dataset's files", ParquetList),
  );
  const files = list.parquet_files;
  const config = pick(
    "config",
    reference.config,
    [...new Set(files.map((file) => file.config))],
    ["default", "main"],
    repo,
  );
  const own = files.filter((file) => file.config === config);
  const split = pick("split", reference.split, [...new Set(own.map((file) => file.split))], ["train"], repo);
  const shards = own.filter((file) => file.split === split);
  return {
    config,
    split,
    partial: list.partial ?? false,
    shards: shards.map(({ url, filename, size }) => ({ name: filename, source: rangeSource(hub, url, size, repo) })),
  };
}

/** The named one; else the only one, or a customary one. Never just the first of several. */
function pick(
  what: string,
  named: string | undefined,
  found: readonly string[],
  usual: readonly string[],
  repo: string,
): string {
  const chosen = named ?? (found.length === 1 ? found[0] : usual.find((name) => found.includes(name)));
  if (chosen !== undefined && found.includes(chosen)) return chosen;
  const listed = found.slice(0, 12).join(", ") || "none";
  throw new AppError("hub/not-found", named ? `${repo} has no ${what} "${named}".` : `${repo} has several ${what}s.`, {
    hint: `Name one of ${listed}, as in hf:datasets/${repo}:${what === "split" ? "config:" : ""}${found[0] ?? what}.`,
  });
}

/** huggingface.co has it under a name of its own; a mirror on this machine is both. */
function datasetsServer(endpoint: string): string {
  if (isLoopback(endpoint)) return endpoint;
  const { protocol, host } = new URL(endpoint);
  return `${protocol}//datasets-server.${host}`;
}

/** The token goes to the endpoint only; shards elsewhere are asked for without it. */
function rangeSource(hub: Hub, address: string, size: number, repo: string): ByteSource {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !Number.isSafeInteger(size) || size < 0 || !/^https?:$/.test(url.protocol)) {
    throw new AppError("file/malformed", "The datasets server named a file that cannot be one.");
  }
  const own = url.origin === new URL(hub.endpoint).origin;
  const from: Hub = { ...hub, endpoint: url.origin, token: own ? hub.token : undefined };
  return httpSource(from, url.pathname + url.search, size, `datasets/${repo}`);
}

/** Bytes of a file on a server that answers Range. */
export function httpSource(hub: Hub, path: string, size: number, what: string): ByteSource {
  return {
    size,
    read: (offset, length) => {
      if (length === 0) return Promise.resolve(new Uint8Array());
      return patiently(
        hub,
        () => 0,
        async () => {
          const response = await ask(hub, path, what, { Range: `bytes=${offset}-${offset + length - 1}` });
          if (response.status !== 206 && !(offset === 0 && length === size)) {
            await response.body?.cancel().catch(() => undefined);
            throw new AppError("hub/corrupt", "The server sends whole files only; this one is read in parts.", {
              hint: "Download it, then open the file.",
            });
          }
          const bytes = new Uint8Array(await response.arrayBuffer().catch(cutOff));
          if (bytes.length !== length) throw cutOff();
          return bytes;
        },
      );
    },
  };
}

function cutOff(cause?: unknown): never {
  throw new AppError("network/failed", "The connection broke while rows were read.", {
    hint: "Check the connection, then try again.",
    cause,
  });
}
