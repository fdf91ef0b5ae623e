/**
 * A skill that a model writes: who writes it, from what, and on which cases it is refined and reported on. The half that
 * the writer saw proves nothing; what counts is the report on the other.
 */
import { computed, signal } from "@preact/signals";
import { powerMeter } from "@/eval/statistics/power";
import type { Material } from "@/skill/generate/material";
import type { SkillFile } from "@/skill/skill";
import { endpointOf, NO_SERVER, onnxModels, readerOf, type Server, serverFault } from "@/ui/state/answerers";
import { attempt, session } from "@/ui/state/core";
import { answererObstacle, result, stopping } from "@/ui/state/evaluate";
import { form } from "@/ui/state/evaluate-form";
import { model } from "@/ui/state/model";
import { openSkillFiles, skillSlot } from "@/ui/state/skill";
import { opened, suite, written } from "@/ui/state/suite";
import { zipStored } from "@/ui/state/zip";
import type { PageSession } from "@/worker/client";

type Wish = Parameters<PageSession["generateSkill"]>[0];
export type Generated = Awaited<ReturnType<PageSession["generateSkill"]>>;
type Event = Parameters<Parameters<PageSession["generateSkill"]>[1]>[0];

export interface SkillForm {
  readonly task: string;
  /** "server", "tab", or "onnx:N" for the N-th of the ONNX models. */
  readonly writer: string;
  /** The room's own suite in place of cases that the writer makes up. */
  readonly own: boolean;
  readonly cases: number;
  readonly rounds: number;
}
export const skillForm = signal<SkillForm>({ task: "", writer: "server", own: false, cases: 48, rounds: 2 });
export function setSkillForm(change: Partial<SkillForm>): void {
  skillForm.value = { ...skillForm.value, ...change };
}

export const teacher = signal<Server>(NO_SERVER);
export const material = signal<(Material & { readonly name: string }) | null>(null);
export const making = signal<Event | null>(null);
export const made = signal<{ readonly skill: Generated; readonly task: string; readonly at: Date } | null>(null);

/** Who could write: value and words. */
export const writers = computed<readonly (readonly [string, string])[]>(() => [
  ["server", "A model on a server"],
  ...(model.value ? [["tab", `${model.value.name}, open in this tab`] as const] : []),
  ...onnxModels.value.map((one, i) => [`onnx:${i}`, one.kind === "hub" ? one.reference : one.name] as const),
]);

/** How many cases there will be, and what the half that reports can show. */
export const reporting = computed(() => {
  const { own, cases } = skillForm.value;
  const all = own ? (suite.value?.cases.length ?? 0) : cases;
  return { all, ...powerMeter(Math.floor(all / 2)) };
});

/** Why it cannot be asked now; null: it can. */
export const writingObstacle = computed<string | null>(() => {
  const { task, writer, own, cases } = skillForm.value;
  if (answererObstacle.value !== null) return `Who is to read it? ${answererObstacle.value}`;
  if (task.trim() === "") return "Say what it is to teach.";
  if (writer === "server" && serverFault(teacher.value) !== null) return `Who writes? ${serverFault(teacher.value)}`;
  if (!writers.value.some(([value]) => value === writer)) return "Choose who writes.";
  if (own && suite.value === null) return "Choose a suite, or let the writer make up cases.";
  return own || cases >= 4 ? null : "At least 4 cases are needed for two halves.";
});

function teacherOf(): Wish["teacher"] {
  const { writer } = skillForm.value;
  if (writer === "server") return endpointOf(teacher.value);
  const source = onnxModels.value[Number(writer.slice("onnx:".length))];
  return writer !== "tab" && source ? { kind: "onnx", source } : { kind: "open", adapter: false };
}

export function writeSkill(): Promise<boolean> {
  return attempt("evaluate", async () => {
    const { task, own, cases, rounds } = skillForm.value;
    const { repeats, temperature, maxTokens, seed } = form.value;
    const at = new Date();
    made.value = null;
    result.value = null;
    stopping.value = false;
    making.value = { phase: "skill", done: 0, total: 1, note: "" };
    try {
      const wish: Wish = {
        ...{ task: task.trim(), material: material.value, cases, rounds, teacher: teacherOf(), reader: readerOf() },
        ...(own && suite.value ? { suite: suite.value } : {}),
        settings: { seed, repeats, temperature, maxTokens },
      };
      const skill = await session().generateSkill(wish, (event) => {
        // Calls from the worker may arrive after its answer.
        if (making.value !== null) making.value = event;
      });
      made.value = { skill, task: task.trim(), at };
      result.value = { report: skill.report, edited: [] };
    } catch (error) {
      // What a stop breaks off is no fault.
      if (!stopping.value) throw error;
    } finally {
      making.value = null;
    }
  });
}

/** Examples, or the trace of an agent at work: text, JSON or JSON lines. */
export function openMaterial(file: File, kind: Material["kind"]): Promise<boolean> {
  return attempt("evaluate", async () => {
    const { readMaterial } = await import("@/skill/generate/material");
    material.value = { ...readMaterial(await file.text(), kind, file.name), name: file.name };
  });
}

/** It becomes the room's skill, with the cases that its writer never saw, so that it can be held against anything else. */
export async function takeMade({ skill, halves }: Generated): Promise<void> {
  const file = (path: string, text: string) =>
    Object.defineProperty(new File([text], path.split("/").at(-1) ?? path), "webkitRelativePath", {
      value: `${skillName({ skill })}/${path}`,
    });
  const texts = skill.files.filter((one): one is SkillFile & { text: string } => one.text !== null);
  await openSkillFiles(skillSlot, [file("SKILL.md", skill.source), ...texts.map(({ path, text }) => file(path, text))]);
  opened.value = halves.reporting;
  written.value = [];
}

export const skillName = ({ skill }: Pick<Generated, "skill">): string => {
  const value = skill.frontMatter.fields.get("name")?.value;
  return typeof value === "string" ? value : "skill";
};

/** Skill, cases, runs and results, laid out as upskill does. */
export async function skillZip(task: string, startedAt: Date, generated: Generated): Promise<Blob> {
  const { layOut } = await import("@/skill/upskill");
  const files = layOut(generated, { startedAt, task });
  return zipStored([...files].map(([name, text]) => ({ name, blob: new Blob([text]) })));
}
