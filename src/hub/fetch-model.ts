/**
 * A model of the Hub as files: from the store where it is whole there, else fetched into it first. Which commit a branch
 * means is asked each time; without an answer, what is here is used. A commit that was named and is here asks nothing.
 */
import { AppError } from "@/errors";
import { shardNames } from "@/files/safetensors-index";
import type { FileStore } from "@/storage/files";
import { memoryFiles } from "@/storage/memory-files";
import type { NamedFile } from "@/worker/api/sources";
import { cachedModels, finishModel, type ModelRecord, planModel, wholeModel } from "./cache";
import { type Choice, chooseFiles, chooseShards } from "./choose-files";
import { type Hub, impatient, stopped } from "./client";
import { downloadFile, stored } from "./download";
import { createMeter } from "./meter";
import { type HubFile, type Listing, listFiles } from "./models";
import { formatReference, type HubReference, isCommit } from "./reference";

export interface FetchedModel {
  /** "owner/name" */
  readonly repo: string;
  readonly sha: string;
  readonly files: NamedFile[];
  /** As the repository's card names it. */
  readonly license?: string | undefined;
}

/** Bytes of the whole model; seconds are null until the speed is known. */
export type OnDownload = (done: number, total: number, secondsLeft: number | null) => void;

export interface FetchModelOptions {
  readonly onDownload: OnDownload;
  /** Only what says what the model is; of a GGUF that is all of it. */
  readonly sketch?: boolean;
}

export async function fetchModel(
  hub: Hub,
  store: FileStore,
  reference: HubReference,
  options: FetchModelOptions,
): Promise<FetchedModel> {
  const here = await wholeModel(store, reference);
  if (here && isCommit(here.revision)) return open(store, here);
  let listing: Listing;
  try {
    listing = await listFiles(impatient(hub, here ? 0 : 2), reference);
  } catch (error) {
    if (!here || stopped(hub)) throw error;
    return open(store, here);
  }
  if (here?.sha === listing.sha) return open(store, { ...here, license: listing.license });
  const choice = chooseFiles(listing, reference.file);
  try {
    if (options.sketch && !choice.files.some(isGguf)) return await fetchSketch(hub, listing, choice);
    return await open(store, await download(hub, store, reference, listing, choice, options.onDownload));
  } catch (error) {
    throw error instanceof AppError && error.code === "storage/full" ? await noRoom(store, reference, error) : error;
  }
}

const isGguf = ({ path }: HubFile) => path.toLowerCase().endsWith(".gguf");

/** Kept nowhere, so that a look at a model leaves nothing behind. */
async function fetchSketch(hub: Hub, { repo, sha, license }: Listing, { files }: Choice): Promise<FetchedModel> {
  const store = memoryFiles();
  const small = files.filter(({ path }) => !path.endsWith(".safetensors"));
  for (const file of small) await downloadFile(hub, store, { repo, sha }, file, () => {});
  return { repo, sha, license, files: await openAll(store, repo, small) };
}

async function download(
  hub: Hub,
  store: FileStore,
  reference: HubReference,
  listing: Listing,
  choice: Choice,
  onDownload: OnDownload,
): Promise<ModelRecord> {
  const { repo, sha, license } = listing;
  const recordOf = (files: readonly HubFile[]): ModelRecord => ({
    ...{ version: 1, ...reference, sha, files: [...files] },
    ...(license === undefined ? {} : { license }),
  });
  await planModel(store, recordOf(choice.files));
  let files = choice.files;
  if (choice.index) {
    await downloadFile(hub, store, listing, choice.index, () => {});
    const text = (await stored(store, choice.index))?.text();
    files = [...files, ...chooseShards(listing, shardNames((await text) ?? ""))];
    await planModel(store, recordOf(files));
  }
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const meter = createMeter(total, onDownload);
  let before = 0;
  for (const file of files) {
    await downloadFile(hub, store, { repo, sha }, file, (have, fetched) => meter(before + have, fetched));
    before += file.size;
  }
  const record = recordOf(files);
  await finishModel(store, record);
  return record;
}

async function open(store: FileStore, { repo, sha, license, files }: ModelRecord): Promise<FetchedModel> {
  return { repo, sha, license, files: await openAll(store, repo, files) };
}

function openAll(store: FileStore, repo: string, files: readonly HubFile[]): Promise<NamedFile[]> {
  const named = files.map(async (file): Promise<NamedFile> => {
    const blob = await stored(store, file);
    if (blob) return { name: file.path, blob };
    throw new AppError("storage/failed", `${file.path} of ${repo} is gone from ${store.place}.`, {
      hint: "Open the model again: it is fetched anew.",
    });
  });
  return Promise.all(named);
}

/** The same error, naming what could go. */
async function noRoom(store: FileStore, reference: HubReference, { message }: AppError): Promise<AppError> {
  const own = formatReference(reference);
  const others = (await cachedModels(store)).filter((model) => model.reference !== own);
  const largest = others.sort((a, b) => b.bytes - a.bytes).slice(0, 4);
  const list = largest.map((model) => `${model.reference} (${Math.ceil(model.bytes / 1e6)} MB)`).join(", ");
  const hint =
    list === ""
      ? "No other model is kept there: free some space on this disk, or choose a smaller model."
      : `Delete a model that is kept there: ${list}. The download then goes on where it stood.`;
  return new AppError("storage/full", message, { hint });
}
