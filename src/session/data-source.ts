/** Where rows come from: the page's own sets, files, an address, or the Hub's Parquet copies. */
import * as z from "zod/mini";
import { type DataFile, fileOfBlob } from "@/data/reading/open";
import { AppError } from "@/errors";
import type { OpenSource } from "@/session/core";
import type { Platform } from "@/session/platform";
import type { RecipeInput } from "@/train/recipe";
import type { DatasetSource } from "@/worker/api";

const CatalogEntry = z.looseObject({
  name: z.string(),
  train: z.string(),
  eval: z.string(),
  samplePrompts: z.array(z.string()),
  recipe: z.optional(z.looseObject({})),
});

export async function dataSource(
  platform: Platform,
  source: DatasetSource,
  _signal?: AbortSignal,
): Promise<OpenSource> {
  if (source.kind === "files") {
    const { name, train, eval: held } = source;
    const files = { train: [fileOfBlob(train.name, train.blob)] };
    return { files: { name, ...files, ...(held ? { eval: [fileOfBlob(held.name, held.blob)] } : {}) }, extra: {} };
  }
  if (source.kind === "bundled") return bundledSource(platform, source.name);
  throw new AppError("usage", "Data from an address is not read yet.");
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
