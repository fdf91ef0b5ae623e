/** A job that ended too early goes on in its own folder, from its last checkpoint: only time and machine may differ. */
import { attempt, session } from "@/ui/state/core";
import { token } from "@/ui/state/hub";
import { ask, chosenRow, key, minutes, planned } from "@/ui/state/jobs-plan";

/** It stands where a planned one would: checked, asked about and submitted in the same way. */
export function goOnWith(name: string): Promise<boolean> {
  return attempt("jobs", async () => {
    const { token: _, ...again } = await session().jobAgain(name, { token: token.value.trim() || undefined });
    planned.value = null;
    chosenRow.value = null;
    minutes.value = null;
    key.value = again.continues ?? "";
    ask.value = again;
  });
}

export function leaveAgain(): void {
  ask.value = null;
}

export function onFlavor(flavor: string): void {
  if (ask.value !== null) ask.value = { ...ask.value, flavor: flavor.trim() };
}
