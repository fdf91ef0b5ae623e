/**
 * Models of the Hub: the name that is being typed, the token for this visit, and what is kept in this browser. The token
 * lives in this signal and nowhere else; a reload forgets it.
 */
import { computed, signal } from "@preact/signals";
import { formatReference, isReference, parseReference } from "@/hub/reference";
import { attempt, report, session } from "@/ui/state/core";
import { openModel } from "@/ui/state/model";
import { linked } from "@/ui/state/recipe";
import type { CachedModel } from "@/worker/api/model";

/** What was typed; until then, the model that a link asks for. */
export const typedReference = signal<string | null>(null);
export const reference = computed(() => typedReference.value ?? asked(linked.value?.model));
export const token = signal("");
export const cachedModels = signal<readonly CachedModel[]>([]);

function asked(name = ""): string {
  return isReference(name) ? name.replace(/^hf:/, "") : "";
}

export async function readCachedModels(): Promise<void> {
  try {
    cachedModels.value = await session().cachedModels();
  } catch (error) {
    report("model", error);
  }
}

export async function openFromHub(name: string): Promise<void> {
  // A kept model should outlast a crowded disk; browsers that ask, ask once.
  void navigator.storage?.persist?.().catch(() => undefined);
  const secret = token.value.trim();
  await openModel({
    kind: "hub",
    reference: formatReference(parseReference(name)),
    ...(secret === "" ? {} : { token: secret }),
  });
  await readCachedModels();
}

/** Nothing is lost: the next time goes on where this one stood. */
export function stopDownload(): void {
  void session().stop();
}

export async function deleteCached(name: string): Promise<void> {
  await attempt("model", () => session().deleteCachedModel(name));
  await readCachedModels();
}

/** Null when it can be asked for; else what is wrong with it, for people. */
export const referenceFault = computed(() => faultIn(reference.value));

/** Null: a name that the Hub could have. */
export function faultIn(text: string): string | null {
  if (text.trim() === "") return "";
  try {
    parseReference(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
