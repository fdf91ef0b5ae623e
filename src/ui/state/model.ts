/** The open model. Opening another one closes everything that was built on the last: data, run, comparison, adapter. */

import { signal } from "@preact/signals";
import { clearAdapter } from "@/ui/state/adapter";
import { attempt, session } from "@/ui/state/core";
import { dataset, datasetSource, openDataset } from "@/ui/state/dataset";
import { inFolder } from "@/ui/state/folder";
import { setField } from "@/ui/state/recipe";
import type { BaseDtype, ModelInfo } from "@/worker/api/model";
import type { ModelSource } from "@/worker/api/sources";

export const model = signal<ModelInfo | null>(null);
export const modelSource = signal<ModelSource | null>(null);
export interface ModelProgress {
  /** 0 to 1 */
  readonly fraction: number;
  /** While bytes come from the Hub. */
  readonly download?: { readonly done: number; readonly total: number; readonly secondsLeft: number | null };
}
/** While a model is on its way, else null. */
export const modelProgress = signal<ModelProgress | null>(null);

/** How the next safetensors model is kept on the device. */
export const baseDtype = signal<BaseDtype>("auto");

const WANTED = /\.(json|safetensors|gguf|txt|model|jinja)$/;

export async function openModel(source: ModelSource): Promise<boolean> {
  const opened = await attempt("model", async () => {
    modelProgress.value = { fraction: 0 };
    try {
      const info = await session().openModel(
        source,
        (done, total, download) => {
          // Calls from the worker may arrive after its answer.
          if (modelProgress.value === null) return;
          const fraction = total > 0 ? done / total : 0;
          modelProgress.value = { fraction, ...(download ? { download: { done, total, ...download } } : {}) };
        },
        baseDtype.value,
      );
      model.value = info;
      modelSource.value = withoutToken(source);
      setField("model", nameOf(source));
      dataset.value = null;
      clearAdapter();
    } finally {
      modelProgress.value = null;
    }
  });
  const again = datasetSource.value;
  if (opened && again !== null) await openDataset(again, "keep");
  return opened;
}

/** What is kept of a source must not hold a secret. */
function withoutToken(source: ModelSource): ModelSource {
  return source.kind === "hub" ? { kind: "hub", reference: source.reference } : source;
}

function nameOf(source: ModelSource): string {
  if (source.kind === "hub") return source.reference;
  return source.kind === "bundled" ? `bundled:${source.name}` : source.name;
}

/** Names inside the picked folder; weights in formats that are never read stay outside. */
export function modelFromFiles(files: readonly File[]): ModelSource {
  const { name, files: named } = inFolder(files);
  return { kind: "files", name: name || "my model", files: named.filter((file) => WANTED.test(file.name)) };
}
