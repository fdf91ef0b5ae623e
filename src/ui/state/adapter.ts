/** What was trained, an adapter or weights of their own, and its files: made by a run or loaded from disk. Everything measured on it goes when it goes. */
import { signal } from "@preact/signals";
import { comparison } from "@/ui/state/compare";
import { attempt, session } from "@/ui/state/core";
import type { NamedFile } from "@/worker/api/sources";
import type { TrainedInfo } from "@/worker/api/trained";

export interface AdapterState extends TrainedInfo {
  readonly origin: "trained" | "loaded" | "kept";
}

export const adapter = signal<AdapterState | null>(null);
export const exported = signal<readonly NamedFile[] | null>(null);

export function clearAdapter(): void {
  setAdapter(null);
}

export function setAdapter(next: AdapterState | null): void {
  adapter.value = next;
  exported.value = null;
  comparison.value = null;
}

export function exportAdapter(): Promise<boolean> {
  return attempt("take", async () => {
    exported.value = await session().exportAdapter();
  });
}

export function loadAdapter(files: readonly File[]): Promise<boolean> {
  return attempt("take", async () => {
    const loaded = await session().loadAdapter(files.map((file) => ({ name: file.name, blob: file })));
    setAdapter({ origin: "loaded", ...loaded });
  });
}
