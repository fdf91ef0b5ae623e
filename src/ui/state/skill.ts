/**
 * The skill that some arms put before the question, and an earlier version of it: opened from a SKILL.md, a folder or a zip,
 * or pasted; checked; and what of it reaches the model. Reading one needs a YAML parser, so all of it comes when it is needed.
 */

import { type Signal, signal } from "@preact/signals";
import type { SkillChoice } from "@/skill/compose";
import type { Finding } from "@/skill/finding";
import type { Skill } from "@/skill/skill";
import { report, session } from "@/ui/state/core";
import { form } from "@/ui/state/evaluate-form";
import { inFolder } from "@/ui/state/folder";
import { model } from "@/ui/state/model";
import { suite } from "@/ui/state/suite";
import type { PageSession } from "@/worker/client";

type SkillSize = Awaited<ReturnType<PageSession["skillSize"]>>;

export interface SkillSlot {
  /** SKILL.md as it stands in the field. */
  readonly source: Signal<string>;
  readonly skill: Signal<Skill | null>;
  readonly findings: Signal<readonly Finding[]>;
  readonly choice: Signal<SkillChoice>;
  /** What stands before the question; "" while there is none. */
  readonly text: Signal<string>;
  /** In the open model's tokens. */
  readonly size: Signal<SkillSize | null>;
  readonly reading: Signal<boolean>;
}

const BODY: SkillChoice = { about: false, body: true, references: [], scripts: [] };

function createSlot(): SkillSlot {
  return {
    ...{ source: signal(""), skill: signal<Skill | null>(null), findings: signal<readonly Finding[]>([]) },
    ...{ choice: signal(BODY), text: signal(""), size: signal<SkillSize | null>(null), reading: signal(false) },
  };
}

export const skillSlot = createSlot();
export const previousSlot = createSlot();

export function pasteSkill(slot: SkillSlot, source: string): Promise<void> {
  slot.source.value = source;
  return fill(slot, async () => {
    if (source.trim() === "") return null;
    const { makeSkill } = await import("@/skill/skill");
    const before = slot.skill.value;
    return makeSkill(source, { folder: before?.folder ?? null, files: before?.files ?? [] });
  });
}

/** One SKILL.md, a zip, or the files of a folder by their paths in it. */
export function openSkillFiles(slot: SkillSlot, files: readonly File[]): Promise<void> {
  const { name, files: named } = inFolder(files);
  return fill(slot, async () => {
    const { openSkill } = await import("@/skill/open");
    const skill = await openSkill(named, name || null);
    slot.source.value = skill.source;
    return skill;
  });
}

export async function choose(slot: SkillSlot, change: Partial<SkillChoice>): Promise<void> {
  slot.choice.value = { ...slot.choice.value, ...change };
  await fill(slot, async () => slot.skill.value);
}

async function fill(slot: SkillSlot, read: () => Promise<Skill | null>): Promise<void> {
  slot.reading.value = true;
  try {
    const asked = slot.source.value;
    const skill = await read();
    const [{ composeSkill }, { checkSkill }] = await Promise.all([import("@/skill/compose"), import("@/skill/check")]);
    // A later keystroke has its own turn.
    if (asked !== slot.source.value && skill?.source !== slot.source.value) return;
    slot.skill.value = skill;
    slot.findings.value = skill === null ? [] : checkSkill(skill);
    slot.text.value = skill === null ? "" : composeSkill(skill, slot.choice.value);
    await weigh(slot);
  } catch (error) {
    report("evaluate", error);
  } finally {
    slot.reading.value = false;
  }
}

async function weigh(slot: SkillSlot): Promise<void> {
  const { skill, choice } = slot;
  slot.size.value =
    skill.value === null || model.value === null
      ? null
      : await session().skillSize(skill.value, choice.value, suite.value, form.value.maxTokens);
}
