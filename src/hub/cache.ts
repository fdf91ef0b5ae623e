/**
 * Models in the store. Content lies under its digest; a record beside it says which content makes which model at which
 * commit. A record is a plan until the last file is whole: then it takes the name under which models are opened, so a
 * newer version on its way never spoils the one that is here.
 */
import * as z from "zod/mini";
import { type FileStore, writeText } from "@/storage/files";
import type { CachedModel } from "@/worker/api/model";
import { blobName } from "./digest";
import { stored } from "./download";
import { formatReference, type HubReference } from "./reference";

const hex = (length: number) => z.string().check(z.regex(new RegExp(`^[0-9a-f]{${length}}$`)));
const Digest = z.union([
  z.object({ kind: z.literal("sha256"), hex: hex(64) }),
  z.object({ kind: z.literal("git-sha1"), hex: hex(40) }),
]);
const ModelRecord = z.object({
  version: z.literal(1),
  repo: z.string(),
  revision: z.string(),
  file: z.optional(z.string()),
  sha: hex(40),
  files: z.array(z.object({ path: z.string(), size: z.int(), digest: Digest })).check(z.minLength(1)),
  license: z.optional(z.string()),
});
export type ModelRecord = z.infer<typeof ModelRecord>;

const WHOLE = ".json";
const PLAN = ".plan";

const keyOf = (reference: HubReference) => encodeURIComponent(formatReference(reference).slice("hf:".length));
const recordName = (reference: HubReference) => `${keyOf(reference)}${WHOLE}`;
const planName = (reference: HubReference) => `${keyOf(reference)}${PLAN}`;

/** The record of a model all of whose files are here. */
export async function wholeModel(store: FileStore, reference: HubReference): Promise<ModelRecord | null> {
  const record = await readRecord(store, recordName(reference));
  if (!record) return null;
  for (const file of record.files) if (!(await stored(store, file))) return null;
  return record;
}

export async function planModel(store: FileStore, record: ModelRecord): Promise<void> {
  await writeText(store, planName(record), JSON.stringify(record));
}

/** To be called when every file of the plan is stored. */
export async function finishModel(store: FileStore, record: ModelRecord): Promise<void> {
  await store.rename(planName(record), recordName(record));
  await sweep(store);
}

async function readRecord(store: FileStore, name: string): Promise<ModelRecord | null> {
  const blob = await store.get(name);
  if (!blob) return null;
  try {
    const parsed = z.safeParse(ModelRecord, JSON.parse(await blob.text()));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** A model that is here once and again on its way counts once, as whole. */
export async function cachedModels(store: FileStore): Promise<CachedModel[]> {
  const sizes = new Map((await store.list()).map(({ name, size }) => [name, size]));
  const found = new Map<string, CachedModel>();
  for (const record of await records(store, sizes.keys())) {
    const reference = formatReference(record);
    const have = record.files.map(({ digest, size }) => {
      const name = blobName(digest);
      return Math.min(size, sizes.get(name) ?? sizes.get(`${name}.part`) ?? 0);
    });
    const bytes = sum(have);
    const total = sum(record.files.map(({ size }) => size));
    const model = { reference, commit: record.sha, bytes, total };
    if (bytes === total || !found.has(reference)) found.set(reference, model);
  }
  return [...found.values()].sort((a, b) => a.reference.localeCompare(b.reference));
}

export async function deleteModel(store: FileStore, reference: HubReference): Promise<void> {
  await store.delete(recordName(reference));
  await store.delete(planName(reference));
  await sweep(store);
}

/** Deletes content that no record names. */
async function sweep(store: FileStore): Promise<void> {
  const names = (await store.list()).map(({ name }) => name);
  const used = new Set(
    (await records(store, names)).flatMap(({ files }) => files.map(({ digest }) => blobName(digest))),
  );
  for (const name of names) {
    const content = /^(sha256|git-sha1)-[0-9a-f]+/.exec(name)?.[0];
    if (content !== undefined && !used.has(content)) await store.delete(name);
  }
}

async function records(store: FileStore, names: Iterable<string>): Promise<ModelRecord[]> {
  const wanted = [...names].filter((name) => name.endsWith(WHOLE) || name.endsWith(PLAN));
  return (await Promise.all(wanted.map((name) => readRecord(store, name)))).filter((record) => record !== null);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
