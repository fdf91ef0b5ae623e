/**
 * What the gates say of the open data, and the one row that is being looked at. Both follow the recipe: a longer length or
 * an applied fix changes them, so they are asked for again a moment after the last change.
 */
import { computed, effect, signal } from "@preact/signals";
import { activity, attempt, report, session } from "@/ui/state/core";
import { dataset } from "@/ui/state/dataset";
import { model } from "@/ui/state/model";
import { recipe, setField } from "@/ui/state/recipe";
import type { DataReport, Finding, RowPlace, RowView } from "@/worker/api/data";
import type { ProbeReport } from "@/worker/api/probe";

export const dataReport = signal<DataReport | null>(null);
export const rowView = signal<RowView | null>(null);
export const probeReport = signal<ProbeReport | null>(null);

/** Red findings that nobody accepted: they stop a run, here and elsewhere. */
export function stoppingOf(findings: readonly Finding[]): readonly Finding[] {
  const accepted = recipe.value?.data.accept ?? [];
  return findings.filter(({ severity, gate }) => severity === "red" && !accepted.includes(gate));
}

export const stopping = computed(() => stoppingOf(dataReport.value?.findings ?? []));

export function watchCheck(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let openedFor: unknown = null;
  return effect(() => {
    const wanted = recipe.value;
    const info = dataset.value;
    const ready = model.value !== null && info !== null && activity.value === null;
    clearTimeout(timer);
    if (info !== openedFor) {
      openedFor = info;
      dataReport.value = null;
      rowView.value = null;
      probeReport.value = null;
    }
    if (!ready || wanted === null) return;
    timer = setTimeout(() => refresh().catch((error) => report("data", error)), 150);
  });
}

async function refresh(): Promise<void> {
  const wanted = recipe.value;
  const info = dataset.value;
  if (wanted === null) return;
  const answer = await session().check(wanted);
  if (recipe.value !== wanted || dataset.value !== info) return;
  dataReport.value = answer;
  if (rowView.value === null) await showRow(0);
}

export async function showRow(place: RowPlace): Promise<void> {
  const wanted = recipe.value;
  if (wanted === null) return;
  try {
    rowView.value = await session().viewRow(place, wanted);
  } catch (error) {
    report("data", error);
  }
}

/** Under the lock of the run: it computes. */
export function probe(): Promise<boolean> {
  return attempt("recipe", async () => {
    const wanted = recipe.value;
    if (wanted === null) return;
    probeReport.value = null;
    probeReport.value = await session().probe(wanted);
  });
}

export function acceptFinding(gate: string): void {
  const accepted = recipe.value?.data.accept ?? [];
  setField("data.accept", accepted.includes(gate) ? accepted.filter((one) => one !== gate) : [...accepted, gate]);
}
