/** The tiny fixture model on a test Hub, whole or in several files, and loads of it into a store in memory. */
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect } from "vitest";
import { fromBytes } from "@/files/byte-source";
import { readHeader, readTensor, type TensorData, writeSafetensors } from "@/files/safetensors";
import { INDEX_FILE } from "@/files/safetensors-index";
import type { FileStore } from "@/storage/files";
import { memoryFiles } from "@/storage/memory-files";
import type { Hub } from "./client";
import { type FetchedModel, fetchModel } from "./fetch-model";
import { folderFiles, startHub, type TestHub, type TestRepo } from "./loopback-hub";
import { parseReference } from "./reference";

export const MODEL = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "model.safetensors",
];
export const WEIGHTS = "model.safetensors";
export const TOKEN = "hf_secretSecretSecret";

const FIXTURE = fileURLToPath(new URL("../../e2e/fixtures/llama-gqa", import.meta.url));
export const tinyFiles = () => folderFiles(FIXTURE, MODEL);

interface Given {
  readonly reference?: string;
  readonly token?: string;
  readonly waits?: readonly number[];
  readonly signal?: AbortSignal;
}

export interface TinyHub {
  hub: TestHub;
  repo: TestRepo;
  store: FileStore;
  /** Of the last load. */
  readonly progress: [done: number, total: number][];
  load(given?: Given): Promise<FetchedModel>;
  expectWhole(model: FetchedModel, files?: ReadonlyMap<string, Buffer>): Promise<void>;
  sizeOf(name: string): number;
  /** Bytes of the model. */
  total(): number;
  /** Requests for files. */
  resolved(): string[];
  /** Bytes under a temporary name. */
  standing(): Promise<number>;
}

/** A new Hub with "tiny/llama" and an empty store for each test of a file. */
export function tinyHub(): TinyHub {
  const at = { progress: [] } as unknown as TinyHub;
  beforeEach(async () => {
    at.hub = await startHub();
    at.repo = { files: new Map([...tinyFiles(), ["README.md", Buffer.from("never asked for")]]) };
    at.hub.repos.set("tiny/llama", at.repo);
    at.store = memoryFiles();
  });
  afterEach(() => at.hub.close());
  const functions: Pick<TinyHub, "load" | "expectWhole" | "sizeOf" | "total" | "resolved" | "standing"> = {
    load: ({ reference = "hf:tiny/llama", token, waits = [], signal } = {}) => {
      const client: Hub = { endpoint: at.hub.url, token, signal, patience: { waits, stall: 2000 } };
      at.progress.length = 0;
      const onDownload = (done: number, total: number) => at.progress.push([done, total]);
      return fetchModel(client, at.store, parseReference(reference), { onDownload });
    },
    expectWhole: async ({ files }, expected = at.repo.files) => {
      for (const { name, blob } of files) {
        expect(Buffer.from(await blob.arrayBuffer()).equals(expected.get(name) ?? Buffer.alloc(0)), name).toBe(true);
      }
      expect(files.length).toBeGreaterThan(0);
    },
    sizeOf: (name) => at.repo.files.get(name)?.length ?? 0,
    total: () => MODEL.reduce((sum, name) => sum + functions.sizeOf(name), 0),
    standing: async () => (await at.store.list()).find(({ name }) => name.endsWith(".part"))?.size ?? 0,
    resolved: () => at.hub.log.filter((line) => line.includes("/resolve/")),
  };
  return Object.assign(at, functions);
}

/** The same weights in `count` files with their index. */
export async function sharded(files: ReadonlyMap<string, Buffer>, count: number): Promise<Map<string, Buffer>> {
  const source = fromBytes(files.get(WEIGHTS) ?? new Uint8Array());
  const shards = Array.from({ length: count }, () => new Map<string, TensorData>());
  const map: Record<string, string> = {};
  const nameOf = (shard: number) => `model-0000${shard + 1}-of-0000${count}.safetensors`;
  let next = 0;
  for (const [name, entry] of await readHeader(source)) {
    const shard = next++ % count;
    shards[shard]?.set(name, { dtype: "F32", shape: entry.shape, data: await readTensor(source, entry) });
    map[name] = nameOf(shard);
  }
  const rest = [...files].filter(([name]) => name !== WEIGHTS);
  const written = shards.map((tensors, i): [string, Buffer] => [nameOf(i), Buffer.from(writeSafetensors(tensors))]);
  return new Map([...rest, ...written, [INDEX_FILE, Buffer.from(JSON.stringify({ weight_map: map }))]]);
}
