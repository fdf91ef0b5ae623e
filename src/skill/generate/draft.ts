/**
 * A teacher's answer → a skill. What it wrote is a stranger's text: hidden characters go, names become legal, file names must
 * stay in the skill's folder, and what is too long or empty is refused with the reason, so that it can be asked again.
 */
import { readFrontMatter } from "../front-matter";
import { withoutHidden } from "../hidden";
import { safePath } from "../open";
import { makeSkill, type Skill, type SkillFile } from "../skill";
import { nameFaults } from "../specification";

export type DraftResult =
  | { readonly ok: true; readonly skill: Skill; readonly repairs: readonly string[] }
  | { readonly ok: false; readonly why: string };

const MOST_ANSWER = 200_000;
const MOST_BODY = 40_000;
const MOST_FILES = 10;

/** `name` is the one that it must keep, where it is a new version of a skill. */
export function readDraft(answer: string, task: string, name: string | null = null): DraftResult {
  if (answer.length > MOST_ANSWER)
    return { ok: false, why: `It has ${answer.length} characters; ${MOST_ANSWER} are the most.` };
  const repairs: string[] = [];
  const clean = withoutHidden(answer.replace(/\r\n?/g, "\n"));
  if (clean.removed > 0) repairs.push(`${clean.removed} hidden characters were taken out.`);
  const { text, files } = filesApart(unwrapped(clean.text, repairs), repairs);
  const { frontMatter, rest } = readFrontMatter(text);
  const field = (key: string) => {
    const value = frontMatter.fields.get(key)?.value;
    return typeof value === "string" ? value.trim() : "";
  };
  if (frontMatter.fault) repairs.push(`Its front matter was made anew: ${frontMatter.fault.message}`);
  const extra = [...frontMatter.fields.keys()].filter((key) => key !== "name" && key !== "description");
  if (extra.length > 0) repairs.push(`Its front matter had ${extra.length} other keys, which were left out.`);
  const body = (frontMatter.fault ? text.replace(/^---[\s\S]{0,4000}?\n---[ \t]*\n/, "") : rest).trim();
  if (body === "") return { ok: false, why: "It has no instructions." };
  if (body.length > MOST_BODY)
    return { ok: false, why: `Its instructions have ${body.length} characters; ${MOST_BODY} are the most.` };
  const made = makeSkill(
    `---\nname: ${nameFor(field("name"), name, task, repairs)}\ndescription: ${oneLine(describe(field("description"), task, repairs))}\n---\n\n${body}\n`,
    { files },
  );
  return { ok: true, skill: made, repairs };
}

function nameFor(written: string, kept: string | null, task: string, repairs: string[]): string {
  if (kept !== null) return kept;
  const legal = (text: string) => nameFaults(text, null).length === 0 && /^[a-z0-9-]+$/.test(text);
  if (legal(written)) return written;
  const made = [slug(written), slug(task)].find(legal) ?? "skill";
  repairs.push(`Its name was not legal; it is called ${made}.`);
  return made;
}

function describe(written: string, task: string, repairs: string[]): string {
  if (written === "") {
    repairs.push("It had no description; the task stands there.");
    return [...task].slice(0, 1000).join("");
  }
  const letters = [...written];
  if (letters.length <= 1024) return written;
  repairs.push("Its description was longer than 1024 characters and was cut.");
  return `${letters.slice(0, 1000).join("")}…`;
}

export const slug = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 48)
    .replace(/^-+|-+$/g, "");

/** As YAML in one line; plain where that means the same, since some readers do not unquote. */
function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, " ").replace(/-{3,}/g, "–").trim();
  const plain = /^[\p{L}\p{N}(][^\n]*$/u.test(flat) && !/: |:$| #/.test(flat);
  return plain ? flat : JSON.stringify(flat);
}

/** Without a fence around the whole, and without talk before the front matter. */
function unwrapped(answer: string, repairs: string[]): string {
  let text = answer.trim();
  const fence = /^(`{3,})[\w-]*\n([\s\S]*)\n\1\s*$/.exec(text);
  if (fence?.[2] !== undefined) text = fence[2].trim();
  const start = /(?:^|\n)(---[ \t]*\n(?=(?:name|description)[ \t]*:))/.exec(text.slice(0, 20_000));
  const at = start ? start.index + start[0].indexOf("---") : 0;
  if (at > 0) repairs.push("Words before the skill were left out.");
  return text.slice(at);
}

const FILE = /^=== ?(.{1,200}?) ?===$/;

function filesApart(whole: string, repairs: string[]): { text: string; files: SkillFile[] } {
  const lines = whole.split("\n");
  const starts = lines.flatMap((line, i) => (FILE.test(line) ? [i] : []));
  const files: SkillFile[] = [];
  for (const [n, start] of starts.entries()) {
    const path = FILE.exec(lines[start] ?? "")?.[1] ?? "";
    const text = `${lines
      .slice(start + 1, starts[n + 1] ?? lines.length)
      .join("\n")
      .trim()}\n`;
    if (!isOwn(path) || files.length >= MOST_FILES || files.some((file) => file.path === path)) {
      repairs.push("A file was left out: only references/NAME and scripts/NAME, each once, are taken.");
    } else files.push({ path, text, bytes: new TextEncoder().encode(text).length });
  }
  return { text: lines.slice(0, starts[0] ?? lines.length).join("\n"), files };
}

function isOwn(path: string): boolean {
  try {
    return /^(?:references|scripts)\/[A-Za-z0-9_][\w.-]{0,80}$/.test(safePath(path));
  } catch {
    return false;
  }
}
