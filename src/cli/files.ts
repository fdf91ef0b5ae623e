/** What paths on the command line mean: "bundled:NAME", a folder of a model or an adapter, a GGUF file, a data file. */
import { openAsBlob } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { AppError } from "@/errors";
import { isDatasetReference } from "@/hub/datasets";
import { isReference } from "@/hub/reference";
import type { RecipeInput } from "@/train/recipe";
import type { DatasetSource, ModelSource, NamedFile } from "@/worker/api/sources";

const BUNDLED = "bundled:";

export async function modelSource(path: string): Promise<ModelSource> {
  if (path.startsWith(BUNDLED)) return { kind: "bundled", name: path.slice(BUNDLED.length) };
  if (isReference(path)) return { kind: "hub", reference: path };
  const isGguf = path.toLowerCase().endsWith(".gguf") && !(await stat(path).catch(() => undefined))?.isDirectory();
  if (isGguf) return { kind: "files", name: resolve(path), files: [await file(path)] };
  return { kind: "files", name: resolve(path), files: await folder(path, /\.(json|safetensors|jinja)$|^README\.md$/) };
}

export async function dataSource(path: string, evalPath?: string): Promise<DatasetSource> {
  if (path.startsWith(BUNDLED)) return { kind: "bundled", name: path.slice(BUNDLED.length) };
  if (isDatasetReference(path)) return { kind: "hub", reference: path };
  if (/^https?:\/\//.test(path)) return { kind: "url", url: path };
  const held = evalPath === undefined ? {} : { eval: await file(evalPath) };
  return { kind: "files", name: basename(path), train: await file(path), ...held };
}

export async function file(path: string): Promise<NamedFile> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw notFound(path, "file");
  return { name: basename(path), blob: await openAsBlob(path) };
}

export async function adapterFiles(path: string): Promise<NamedFile[]> {
  return folder(path, /^adapter_(config\.json|model\.safetensors)$/);
}

async function folder(path: string, wanted: RegExp): Promise<NamedFile[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) throw notFound(path, "folder");
  const names = (await readdir(path)).filter((name) => wanted.test(name));
  return Promise.all(names.map((name) => file(join(path, name))));
}

/** Every file of a folder and of the folders in it, but what is hidden. */
export async function wholeFolder(path: string, prefix = ""): Promise<NamedFile[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) throw notFound(path, "folder");
  const entries = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !name.startsWith("."));
  const files = entries.map(async (entry): Promise<NamedFile[]> => {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return wholeFolder(inner, `${prefix}${entry.name}/`);
    return entry.isFile() ? [{ name: `${prefix}${entry.name}`, blob: await openAsBlob(inner) }] : [];
  });
  return (await Promise.all(files)).flat();
}

function notFound(path: string, kind: "file" | "folder"): AppError {
  return new AppError("usage", `There is no ${kind} ${path}.`, {
    hint: "Check the path, or name a bundled one: bundled:NAME.",
  });
}

export async function recipeFile(path: string | undefined): Promise<RecipeInput> {
  if (path === undefined) return {};
  const text = await readFile(path, "utf8").catch(() => {
    throw notFound(path, "file");
  });
  try {
    return JSON.parse(text) as RecipeInput;
  } catch (cause) {
    throw new AppError("recipe/invalid", `${path} is not JSON.`, {
      hint: "A recipe is one JSON object; docs/recipe.md shows it.",
      cause,
    });
  }
}

const LANGUAGES = { py: "python", js: "javascript", mjs: "javascript" } as const;

/** A reward's source → the part of a recipe that trains by it. */
export async function rewardFile(path: string | undefined): Promise<RecipeInput> {
  if (path === undefined) return {};
  const ending = path.split(".").at(-1) ?? "";
  const name = Object.hasOwn(LANGUAGES, ending) ? LANGUAGES[ending as keyof typeof LANGUAGES] : undefined;
  if (!name) {
    throw new AppError("usage", `${path} is neither .py nor .js.`, { hint: "docs/recipe.md shows rewards as code." });
  }
  const code = await readFile(path, "utf8").catch(() => {
    throw notFound(path, "file");
  });
  return { method: "grpo", grpo: { rewards: [{ name, code }] } };
}

export async function writeFiles(folderPath: string, files: readonly NamedFile[]): Promise<void> {
  await mkdir(folderPath, { recursive: true });
  for (const { name, blob } of files) await writeFile(join(folderPath, name), new Uint8Array(await blob.arrayBuffer()));
}
