/** The files of a model, wherever it comes from: the page's own, a folder's, or the Hub's. */
import { AppError } from "@/errors";
import { type Hub, PATIENCE } from "@/hub/client";
import { fetchModel } from "@/hub/fetch-model";
import { parseReference } from "@/hub/reference";
import type { Platform } from "@/session/platform";
import type { OpenProgress } from "@/worker/api/model";
import type { ModelSource, NamedFile } from "@/worker/api/sources";

export interface ModelFiles {
  /** For people, and for adapter_config.json: the id on the Hub, "bundled:NAME", or what the folder is called. */
  readonly name: string;
  readonly files: readonly NamedFile[];
  /** On the Hub, the commit. */
  readonly revision?: string;
  /** On the Hub, what the repository's card names. */
  readonly license?: string | undefined;
}

export interface FetchOptions {
  readonly onProgress?: OpenProgress;
  readonly signal?: AbortSignal;
  /** Leaves the weights of a folder where they are. */
  readonly sketch?: boolean;
}

const BUNDLED_FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "model.safetensors",
  // Its card names the licence that exports inherit.
  "README.md",
];

export async function modelFiles(
  platform: Platform,
  source: ModelSource,
  options: FetchOptions = {},
): Promise<ModelFiles> {
  if (source.kind === "files") return { name: source.name, files: source.files };
  if (source.kind === "bundled") {
    return { name: `bundled:${source.name}`, files: await bundledFiles(platform, source.name) };
  }
  const { onProgress, signal, sketch = false } = options;
  const { endpoint, token } = platform.hub;
  const hub: Hub = { endpoint, token: source.token ?? token, signal, patience: PATIENCE };
  const reference = parseReference(source.reference);
  const { repo, sha, license, files } = await fetchModel(hub, await platform.files(), reference, {
    onDownload: (done, total, secondsLeft) => onProgress?.(done, total, { secondsLeft }),
    sketch,
  });
  return { name: repo, files, revision: sha, license };
}

async function bundledFiles(platform: Platform, name: string): Promise<NamedFile[]> {
  if (!/^[a-z0-9-]+$/.test(name)) {
    throw new AppError("usage", `"${name}" is not the name of a bundled model.`, {
      hint: "The bundled model is called ember.",
    });
  }
  return Promise.all(
    BUNDLED_FILES.map(async (file) => ({ name: file, blob: await platform.bundled(`models/${name}/${file}`) })),
  );
}
