/** The text that stands before the question in some arms, and an earlier version of it. */
import { computed, signal } from "@preact/signals";

/** As pasted or dropped: a whole SKILL.md, or any text. */
export const skillSource = signal("");
export const previousSource = signal("");

export const skillText = computed(() => bodyOf(skillSource.value));
export const previousText = computed(() => bodyOf(previousSource.value));

/** What stands below the front matter. */
const bodyOf = (source: string) => source.replace(/^\uFEFF?---\r?\n[\s\S]*?\r?\n---\r?\n/, "").trim();
