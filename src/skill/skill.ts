/** A skill as data: SKILL.md taken apart, and the files beside it. Nothing of it is ever run. */
import { type FrontMatter, readFrontMatter } from "./front-matter";

export interface SkillFile {
  /** From the skill's folder: "references/api.md". */
  readonly path: string;
  /** Null: no text. */
  readonly text: string | null;
  readonly bytes: number;
}

export interface Skill {
  /** Null where only a file was given, so that nobody knows what its folder is called. */
  readonly folder: string | null;
  /** "SKILL.md", or "skill.md", which is tolerated. */
  readonly file: string;
  /** All of SKILL.md, with "\n" at the ends of lines. */
  readonly source: string;
  readonly frontMatter: FrontMatter;
  /** Below the front matter, trimmed. */
  readonly body: string;
  /** Line of SKILL.md on which the body begins, from 1. */
  readonly bodyLine: number;
  /** By path. */
  readonly files: readonly SkillFile[];
}

export function makeSkill(
  source: string,
  { folder = null, file = "SKILL.md", files = [] }: Partial<Pick<Skill, "folder" | "file" | "files">> = {},
): Skill {
  const text = source.replace(/\r\n?/g, "\n");
  const { frontMatter, rest, line } = readFrontMatter(text);
  const lead = /^\s*/.exec(rest)?.[0] ?? "";
  return {
    ...{ folder, file, source: text, frontMatter, body: rest.trim() },
    bodyLine: line + lead.split("\n").length - 1,
    files: [...files].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

/** The name that it gives itself, or null. */
export function nameOf({ frontMatter }: Skill): string | null {
  const value = frontMatter.fields.get("name")?.value;
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

export function descriptionOf({ frontMatter }: Skill): string {
  const value = frontMatter.fields.get("description")?.value;
  return typeof value === "string" ? value.trim() : "";
}

export const isReference = ({ path }: SkillFile): boolean => path.startsWith("references/");
export const isScript = ({ path }: SkillFile): boolean => path.startsWith("scripts/");
