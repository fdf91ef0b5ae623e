/** Light or dark: the system's choice until a person makes their own, which this browser then remembers. */
import { computed, signal } from "@preact/signals";

export type Theme = "light" | "dark";
const KEY = "burnish.theme";

export const systemTheme = signal<Theme>("light");
/** Null follows the system. */
export const chosenTheme = signal<Theme | null>(null);
export const theme = computed(() => chosenTheme.value ?? systemTheme.value);

export function recallTheme(storage: Pick<Storage, "getItem">): void {
  const kept = storage.getItem(KEY);
  if (kept === "light" || kept === "dark") chosenTheme.value = kept;
}

export function chooseTheme(choice: Theme, storage: Pick<Storage, "setItem">): void {
  chosenTheme.value = choice;
  storage.setItem(KEY, choice);
}
