/**
 * What all nouns share: the session they ask, the one activity that is going on, and the faults to show.
 * The session does one thing at a time, so `activity` is the lock that every button looks at.
 */
import { computed, signal } from "@preact/signals";
import { toWire, type WireError } from "@/errors";
import type { PageSession } from "@/worker/client";

export type Place =
  | "device"
  | "model"
  | "data"
  | "recipe"
  | "run"
  | "compare"
  | "chat"
  | "take"
  | "runs"
  | "bench"
  | "sweep"
  | "evaluate"
  | "jobs";

export const activity = signal<Place | null>(null);
export const idle = computed(() => activity.value === null);
export const faults = signal<Partial<Record<Place, WireError>>>({});

let current: PageSession | null = null;

export function useSession(session: PageSession): void {
  current = session;
}

export function session(): PageSession {
  if (current === null) throw new Error("The session was asked before it was started.");
  return current;
}

export function clearFault(place: Place): void {
  const { [place]: _, ...rest } = faults.value;
  faults.value = rest;
}

export function report(place: Place, error: unknown): void {
  faults.value = { ...faults.value, [place]: toWire(error) };
}

/** Runs one thing under the lock; a failure becomes a panel at its place. Says whether it went well. */
export async function attempt(place: Place, task: () => Promise<void>): Promise<boolean> {
  if (activity.value !== null) return false;
  activity.value = place;
  clearFault(place);
  try {
    await task();
    return true;
  } catch (error) {
    report(place, error);
    return false;
  } finally {
    activity.value = null;
  }
}
