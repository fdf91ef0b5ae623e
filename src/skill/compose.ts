/**
 * What of a skill reaches the model, and where: as upskill does, the body alone unless more is asked for; references and
 * scripts follow as fenced blocks that carry their names.
 */
import { AppError } from "@/errors";
import { descriptionOf, isReference, isScript, nameOf, type Skill, type SkillFile } from "./skill";

export interface SkillChoice {
  /** With the name and description before it. */
  readonly about: boolean;
  readonly body: boolean;
  /** By path; "all", or none. */
  readonly references: "all" | readonly string[];
  readonly scripts: "all" | readonly string[];
}

export const BODY_ALONE: SkillChoice = { about: false, body: true, references: [], scripts: [] };

/** `body` stands in for the skill's own, for leaving a part out. Throws "usage" for a file that is not there. */
export function composeSkill(skill: Skill, choice: SkillChoice = BODY_ALONE, body = skill.body): string {
  const about = choice.about ? `# ${nameOf(skill) ?? "Skill"}\n\n${descriptionOf(skill)}` : "";
  const files = [
    ...chosen(skill, choice.references, isReference, "references"),
    ...chosen(skill, choice.scripts, isScript, "scripts"),
  ];
  return [about, choice.body ? body : "", ...files.map(block)].filter((part) => part !== "").join("\n\n");
}

function chosen(
  { files }: Skill,
  wanted: SkillChoice["references"],
  belongs: (file: SkillFile) => boolean,
  folder: string,
): { path: string; text: string }[] {
  const found = wanted === "all" ? files.filter(belongs) : wanted.map((path) => fileAt(files, path, folder));
  return found.flatMap(({ path, text }) => (text === null ? [] : [{ path, text }]));
}

function fileAt(files: readonly SkillFile[], name: string, folder: string): SkillFile {
  const found = files.find(({ path }) => path === name || path === `${folder}/${name}`);
  if (found) return found;
  throw new AppError("usage", `The skill has no file ${JSON.stringify(name)}.`, {
    hint: `It has ${
      files
        .map(({ path }) => path)
        .slice(0, 8)
        .join(", ") || "no other files"
    }.`,
  });
}

/** The fence is longer than any within. */
function block({ path, text }: { path: string; text: string }): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(({ 0: ticks }) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${path}\n${text.replace(/\n$/, "")}\n${fence}`;
}

/** Marks of a chat template, spelt in a skill, would be read as the template's own: they get a space in their middle. */
export function inert(
  text: string,
  marks: readonly string[],
): { readonly text: string; readonly changed: readonly string[] } {
  const changed = marks.filter((mark) => mark.length > 2 && text.includes(mark));
  // Longest first, since one mark may begin another.
  const ordered = [...changed].sort((a, b) => b.length - a.length);
  return { text: ordered.reduce((all, mark) => all.replaceAll(mark, `${mark[0]} ${mark.slice(1)}`), text), changed };
}

/** ChatML's, Llama's, Gemma's and Mistral's, for who does not tell theirs. */
export const marksIn = (text: string): string[] => [...new Set(text.match(MARKS) ?? [])];

const MARKS = /<\|[a-z_]{2,40}\|>|<(?:start|end)_of_turn>|\[\/?INST\]|<<\/?SYS>>/g;
