/** The cases of an evaluation: of a bundled set, of a file in any known format, and those that a person writes here. */
import { computed, signal } from "@preact/signals";
import { AppError } from "@/errors";
import { type PowerMeter, powerMeter } from "@/eval/statistics/power";
import type { Case, Suite } from "@/eval/suite";
import { attempt } from "@/ui/state/core";

export const CHECKS = [
  ["equals", "is exactly"],
  ["icontains", "contains"],
  ["contains", "contains, letter by letter"],
  ["starts-with", "begins with"],
  ["regex", "matches the pattern"],
] as const;
export type CheckType = (typeof CHECKS)[number][0];

export interface WrittenCase {
  readonly question: string;
  readonly check: CheckType;
  readonly expected: string;
}
export const EMPTY_CASE: WrittenCase = { question: "", check: "icontains", expected: "" };

export const opened = signal<Suite | null>(null);
export const written = signal<readonly WrittenCase[]>([]);
/** The one that is being typed. */
export const nextCase = signal<WrittenCase>(EMPTY_CASE);

/** What is asked: the opened suite, with the written cases behind it. Null while there is none. */
export const suite = computed<Suite | null>(() => {
  const own = written.value.map(caseOf);
  if (opened.value === null)
    return own.length === 0 ? null : { name: "Cases of my own", format: "expected", cases: own };
  if (own.length === 0) return opened.value;
  const { name, cases } = opened.value;
  return { ...opened.value, name: `${name} and ${own.length} of my own`, cases: [...cases, ...own] };
});

/** Smallest gain that so many cases can show. */
export const power = computed<PowerMeter>(() => powerMeter(suite.value?.cases.length ?? 0));

export const tags = computed(() => [...new Set(suite.value?.cases.flatMap((one) => one.tags) ?? [])]);

function caseOf({ question, check, expected }: WrittenCase, i: number): Case {
  const assert = [{ type: check, not: false, value: expected, weight: 1 }];
  return { id: `mine-${i + 1}`, input: question, expected, assert, tags: [] };
}

export function addCase(): void {
  const { question, expected, check } = nextCase.value;
  if (question.trim() === "" || expected.trim() === "") return;
  written.value = [...written.value, { question, expected, check }];
  nextCase.value = { ...EMPTY_CASE, check };
}

export function removeCase(at: number): void {
  written.value = written.value.filter((_, i) => i !== at);
}

export function closeSuite(): void {
  opened.value = null;
}

/** The reader of all formats comes when it is needed: most visits open no suite. */
export function openSuite(file: { readonly name: string; readonly text: () => Promise<string> }): Promise<boolean> {
  return attempt("evaluate", async () => {
    const { readSuite } = await import("@/eval/suite/read");
    opened.value = readSuite(await file.text(), file.name);
  });
}

/** Held-out rows of a bundled dataset, as cases that are decided by equality. */
export async function openBundled(name: string): Promise<boolean> {
  const path = `${name}.eval.jsonl`;
  const text = async () => {
    const response = await fetch(`datasets/${path}`);
    if (!response.ok) throw new AppError("network/failed", `${path} answered ${response.status}.`);
    return response.text();
  };
  const done = await openSuite({ name: path, text });
  // The bundled models are trained on these rows as plain text.
  if (done && opened.value) opened.value = { ...opened.value, frame: "plain" };
  return done;
}
