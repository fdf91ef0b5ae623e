/** The open model. Opening another one closes everything that was built on the last: data, run, comparison, adapter. */
import { signal } from "@preact/signals";
import { clearAdapter } from "@/ui/state/adapter";
import { attempt, session } from "@/ui/state/core";
import { dataset, datasetSource, openDataset } from "@/ui/state/dataset";
import { setField } from "@/ui/state/recipe";
import type { ModelInfo, ModelSource, NamedFile } from "@/worker/api";

export const model = signal<ModelInfo | null>(null);
export const modelSource = signal<ModelSource | null>(null);
/** 0 to 1 while a model is being read, else null. */
export const modelProgress = signal<number | null>(null);

const WANTED = /\.(json|safetensors|gguf|txt|model|jinja)$/;

export async function openModel(source: ModelSource): Promise<boolean> {
  const opened = await attempt("model", async () => {
    modelProgress.value = 0;
    try {
      const info = await session().openModel(source, (done, total) => {
        // Calls from the worker may arrive after its answer.
        if (modelProgress.value !== null) modelProgress.value = total > 0 ? done / total : 0;
      });
      model.value = info;
      modelSource.value = source;
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

function nameOf(source: ModelSource): string {
  if (source.kind === "hub") return source.reference;
  return source.kind === "bundled" ? `bundled:${source.name}` : source.name;
}

/** Names inside the picked folder; weights in formats that are never read stay outside. */
export function modelFromFiles(files: readonly File[]): ModelSource {
  const folder = files[0]?.webkitRelativePath.split("/")[0];
  const named: NamedFile[] = files
    .filter((file) => WANTED.test(file.name))
    .map((file) => ({ name: file.webkitRelativePath.split("/").slice(1).join("/") || file.name, blob: file }));
  return { kind: "files", name: folder || "my model", files: named };
}
