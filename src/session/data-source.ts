/** Where rows come from: the page's own sets, files, an address, or the Hub's Parquet copies. */
import * as z from "zod/mini";
import { type DataFile, fileOfBlob, fileOfSource } from "@/data/reading/open";
import { AppError } from "@/errors";
import { ask, type Hub } from "@/hub/client";
import { datasetShards, httpSource, parseDatasetReference } from "@/hub/datasets";
import type { OpenSource } from "@/session/core";
import type { Platform } from "@/session/platform";
import type { RecipeInput } from "@/train/recipe";
import type { DatasetSource } from "@/worker/api/sources";

const CatalogEntry = z.looseObject({
  name: z.string(),
  train: z.string(),
  eval: z.string(),
  samplePrompts: z.array(z.string()),
  recipe: z.optional(z.looseObject({})),
});

export async function dataSource(platform: Platform, source: DatasetSource, signal?: AbortSignal): Promise<OpenSource> {
  if (source.kind === "files") {
    const { name, train, eval: held } = source;
    const files = { train: [fileOfBlob(train.name, train.blob)] };
    return { files: { name, ...files, ...(held ? { eval: [fileOfBlob(held.name, held.blob)] } : {}) }, extra: {} };
  }
  if (source.kind === "bundled") return bundledSource(platform, source.name);
  if (source.kind === "hub") return hubSource(platform, source.reference, source.token, signal);
  return urlSource(source.url, signal);
}

async function hubSource(
  { hub }: Platform,
  reference: string,
  token: string | undefined,
  signal: AbortSignal | undefined,
): Promise<OpenSource> {
  const asked = parseDatasetReference(reference);
  const { config, split, shards } = await datasetShards({ ...hub, token: token ?? hub.token, signal }, asked);
  const name = `${asked.repo}:${config}:${split}`;
  return { files: { name, train: shards.map((shard) => fileOfSource(shard.name, shard.source)) }, extra: {} };
}

/** Read by range where the server answers so; else fetched whole, once. */
async function urlSource(address: string, signal: AbortSignal | undefined): Promise<OpenSource> {
  const url = URL.canParse(address.trim()) ? new URL(address.trim()) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "") {
    throw new AppError("usage", "This is no address of http or https.", {
      hint: "It looks like https://example.org/rows.jsonl.",
    });
  }
  const hub: Hub = { endpoint: url.origin, signal };
  const path = url.pathname + url.search;
  const name = decodeURIComponent(url.pathname.split("/").at(-1) ?? "") || url.host;
  const first = await ask(hub, path, url.host, { Range: "bytes=0-0" });
  const size = Number(/\/(\d+)$/.exec(first.headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
  if (first.status === 206 && Number.isSafeInteger(size)) {
    await first.body?.cancel().catch(() => undefined);
    return { files: { name, train: [fileOfSource(name, httpSource(hub, path, size, url.host))] }, extra: {} };
  }
  return { files: { name, train: [fileOfBlob(name, await first.blob())] }, extra: {} };
}

async function bundledSource(platform: Platform, name: string): Promise<OpenSource> {
  const catalog = z.parse(
    z.array(CatalogEntry),
    JSON.parse(await (await platform.bundled("datasets/index.json")).text()),
  );
  const entry = catalog.find((one) => one.name === name);
  if (!entry) {
    throw new AppError("usage", `There is no bundled dataset "${name}".`, {
      hint: `The bundled ones are ${catalog.map((one) => one.name).join(", ")}.`,
    });
  }
  const file = async (path: string): Promise<DataFile> => fileOfBlob(path, await platform.bundled(`datasets/${path}`));
  const files = { name: entry.name, train: [await file(entry.train)], eval: [await file(entry.eval)] };
  const recipe = entry.recipe as RecipeInput | undefined;
  return { files, extra: { samplePrompts: entry.samplePrompts, ...(recipe ? { recipe } : {}) } };
}
