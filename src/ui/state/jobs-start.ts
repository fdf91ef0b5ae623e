/** What a job's run begins with, where the recipe goes on from an adapter: the one of this tab, or a folder that is picked. */
import { computed, signal } from "@preact/signals";
import { AppError } from "@/errors";
import { START_FILES } from "@/offload/submission";
import { adapter } from "@/ui/state/adapter";
import { attempt, session } from "@/ui/state/core";
import { inFolder } from "@/ui/state/folder";
import { recipe } from "@/ui/state/recipe";
import type { NamedFile } from "@/worker/api/sources";

export const ownStart = signal<{ readonly name: string; readonly files: readonly NamedFile[] } | null>(null);

/** Why a recipe that goes on cannot, or null. */
export const startObstacle = computed(() => {
  const settings = recipe.value;
  if (settings?.start !== "adapter") return null;
  if (settings.trains === "full")
    return "All weights that were trained here cannot be sent along; begin with nothing learned.";
  return ownStart.value !== null || adapter.value?.kind === "lora" ? null : "Give the adapter that it goes on from.";
});

/** PEFT's two files, where the recipe wants them. */
export async function startFiles(): Promise<readonly NamedFile[]> {
  if (recipe.value?.start !== "adapter") return [];
  return ownStart.value?.files ?? session().exportAdapter();
}

export function pickStart(picked: readonly File[]): Promise<boolean> {
  return attempt("jobs", async () => {
    const { name, files } = inFolder(picked);
    const missing = START_FILES.filter((wanted) => !files.some((file) => file.name === wanted));
    if (missing.length > 0) {
      throw new AppError("adapter/mismatch", `This folder has no ${missing.join(" and no ")}.`, {
        hint: "Choose the folder that PEFT wrote, or what a run here was taken away as.",
      });
    }
    ownStart.value = { name: name || "the adapter", files };
  });
}
