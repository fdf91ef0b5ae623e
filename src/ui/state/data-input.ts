/** Rows that are pasted or named rather than dropped, and which of their columns is which where the names do not say so. */
import { computed, signal } from "@preact/signals";
import { dataset, datasetSource, openDataset, refused, trainFile } from "@/ui/state/dataset";
import { token } from "@/ui/state/hub";
import { draft, setField } from "@/ui/state/recipe";
import type { DataFix, DataLook } from "@/worker/api/data";

export const address = signal("");
export const pasted = signal("");

/** Columns to choose from: of the file that could not be used, else of the open set. */
export const look = computed<Pick<DataLook, "columns" | "sample"> | null>(() => refused.value?.look ?? dataset.value);
export const mapping = computed(() => draft.value.data.columns);

const ON_THE_HUB = /^hf:|^(https?:\/\/)?(www\.)?(huggingface\.co|hf\.co)\/datasets\/(?!.*\/resolve\/)/;

export function openAddress(): Promise<boolean> {
  const text = address.value.trim();
  trainFile.value = null;
  if (!ON_THE_HUB.test(text)) return openDataset({ kind: "url", url: text });
  const secret = token.value.trim();
  return openDataset({ kind: "hub", reference: text, ...(secret === "" ? {} : { token: secret }) });
}

export function openPasted(): Promise<boolean> {
  const text = pasted.value;
  const kind = /^\s*\[/.test(text) ? "json" : /^\s*\{/.test(text) ? "jsonl" : "csv";
  trainFile.value = null;
  return openDataset({ kind: "files", name: "pasted rows", train: { name: `pasted.${kind}`, blob: new Blob([text]) } });
}

export function mapColumn(name: string, column: string): void {
  const { [name]: _, ...others } = mapping.value;
  setField("data.columns", column === "" ? others : { ...others, [name]: column });
}

export async function applyMapping(): Promise<void> {
  const source = refused.value?.source ?? datasetSource.value;
  if (source) await openDataset(source, "keep");
}

/** The fix goes into the recipe, and the rows are read again by it. */
export async function applyFix({ data }: DataFix): Promise<void> {
  for (const [field, value] of Object.entries(data)) setField(`data.${field}`, value);
  await applyMapping();
}
