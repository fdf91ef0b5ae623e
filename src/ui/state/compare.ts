/** Base against tuned on the same held-out cases, and which of them the table shows. */
import { computed, signal } from "@preact/signals";
import { attempt, session } from "@/ui/state/core";
import type { ComparedCase, CompareEvent, Comparison } from "@/worker/api/comparison";

export type CaseFilter = "all" | "fixed" | "broken" | "both wrong";
export const CASE_FILTERS: readonly CaseFilter[] = ["all", "fixed", "broken", "both wrong"];

export const comparison = signal<Comparison | null>(null);
export const compareProgress = signal<CompareEvent | null>(null);
export const caseFilter = signal<CaseFilter>("all");

export function kindOf(one: ComparedCase): "fixed" | "broken" | "both wrong" | "both right" {
  if (one.basePassed) return one.tunedPassed ? "both right" : "broken";
  return one.tunedPassed ? "fixed" : "both wrong";
}

export const shownCases = computed(() => {
  const cases = comparison.value?.cases ?? [];
  const filter = caseFilter.value;
  return filter === "all" ? cases : cases.filter((one) => kindOf(one) === filter);
});

export function compare(): Promise<boolean> {
  return attempt("compare", async () => {
    caseFilter.value = "all";
    try {
      comparison.value = await session().compare((event) => {
        compareProgress.value = event;
      });
    } finally {
      compareProgress.value = null;
    }
  });
}
