/** Whole weights that a job made: too large to come along with its run, so fetched when they are asked for. */
import { signal } from "@preact/signals";
import { attempt, session } from "@/ui/state/core";
import { token } from "@/ui/state/hub";
import { openModel } from "@/ui/state/model";
import type { NamedFile } from "@/worker/api/sources";

export const weights = signal<{ readonly name: string; readonly files: readonly NamedFile[] } | null>(null);
/** The job whose weights are on their way. */
export const fetching = signal<string | null>(null);

export function bringWeights(name: string, title: string): Promise<boolean> {
  return attempt("jobs", async () => {
    weights.value = null;
    fetching.value = name;
    try {
      const access = { token: token.value.trim() || undefined };
      weights.value = { name: title, files: await session().fetchWeights(name, access) };
    } finally {
      fetching.value = null;
    }
  });
}

/** In the first room, where its progress is shown. */
export async function openWeights(): Promise<void> {
  const found = weights.value;
  if (found === null) return;
  location.hash = "#/";
  await openModel({ kind: "files", name: found.name, files: [...found.files] });
}
