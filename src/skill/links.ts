/** What a skill points at: its own files, which must be there and one step away, and addresses, which are only listed. */
import { type Finding, lineCounter, visible } from "./finding";
import type { Skill } from "./skill";

export interface Link {
  readonly target: string;
  readonly file: string;
  readonly line: number;
  readonly outside: boolean;
}

const MARKDOWN =
  /!?\[[^\]\n]{0,200}\]\(\s{0,4}<?([^)\s>]{1,500})>?[^)\n]{0,200}\)|^\s{0,3}\[[^\]\n]{1,100}\]:\s{1,4}<?(\S{1,500}?)>?\s*$/gmu;
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`)\]}]{1,500}/giu;
const PATH = /(?<![\w./-])((?:\.\/)?(?:references|scripts|assets)\/[\w./-]{1,150}\w)/gu;

export function linksIn(text: string, file: string): Link[] {
  const found = new Map<string, Link>();
  for (const [pattern, outside] of [
    [MARKDOWN, null],
    [ADDRESS, true],
    [PATH, false],
  ] as const) {
    const line = lineCounter(text);
    for (const match of text.matchAll(pattern)) {
      const target = (match[1] ?? match[2] ?? match[0]).replace(/[.,;:]+$/, "");
      if (target.startsWith("#") || found.has(target)) continue;
      found.set(target, {
        target,
        file,
        line: line(match.index),
        outside: outside ?? /^[a-z][a-z0-9+.-]*:|^\/\//i.test(target),
      });
    }
  }
  return [...found.values()];
}

/** Written in: SKILL.md, then the files that it points at. */
export function linksOf(skill: Skill): Link[] {
  const texts = [{ path: skill.file, text: skill.source }, ...skill.files].filter(({ path }) => /\.md$/i.test(path));
  return texts.flatMap(({ path, text }) => (text === null ? [] : linksIn(text, path)));
}

export function checkLinks(skill: Skill): Finding[] {
  const links = linksOf(skill);
  const here = new Set(skill.files.map(({ path }) => path));
  const folders = new Set(
    skill.files.flatMap(({ path }) =>
      path
        .split("/")
        .slice(0, -1)
        .map((_, i, all) => all.slice(0, i + 1).join("/")),
    ),
  );
  // Where only SKILL.md was given, nobody knows what else there is.
  const whole = skill.folder !== null || skill.files.length > 0;
  const named = new Set<string>();
  const found: Finding[] = [];
  const say = ({ file, line, target }: Link, severity: Finding["severity"], rule: string, message: string) =>
    found.push({ kind: "link", severity, rule, message, file, line, text: visible(target) });
  for (const link of links) {
    const { target } = link;
    if (link.outside) {
      if (/^(?:javascript|data|vbscript|file):/i.test(target))
        say(link, "error", "link-scheme", "A link that carries code or reads this computer's files.");
      else if (/^https?:\/\/(?:[^/@\s]*@|(?!127\.)\d{1,3}(?:\.\d{1,3}){3}|xn--|[^/]*\.xn--)/i.test(target))
        say(
          link,
          "warning",
          "link-host",
          "An address whose host is a number, is disguised, or has a name and password before it.",
        );
      continue;
    }
    if (/^[/\\~]|^[a-z]:\\/i.test(target)) {
      say(link, "warning", "link-absolute", "A path of somebody's computer; paths are from the skill's folder.");
      continue;
    }
    const path = resolve(link.file, target.split(/[?#]/)[0] ?? "");
    if (path === null) {
      say(link, "error", "link-outside", "A path that leaves the skill's folder.");
      continue;
    }
    if (link.file === skill.file) named.add(path);
    if (path.split("/").length > 2)
      say(link, "warning", "link-deep", "A path more than one folder deep; keep files one level below SKILL.md.");
    if (whole && !here.has(path) && !folders.has(path))
      say(link, "warning", "link-missing", "There is no such file in the skill.");
    else if (
      link.file !== skill.file &&
      here.has(path) &&
      !named.has(path) &&
      !links.some((other) => other.file === skill.file && resolve(other.file, other.target) === path)
    )
      say(
        link,
        "warning",
        "link-chain",
        "A file that SKILL.md does not name itself: an agent may read the first and miss the second.",
      );
  }
  return [...found, ...files(skill, named)];
}

/** Of `target`, as written in `file`; null where it leaves the folder. Paths that begin at a known folder are from the top. */
function resolve(file: string, target: string): string | null {
  const fromTop = /^(?:\.\/)?(?:references|scripts|assets)\//.test(target);
  const parts = fromTop ? [] : file.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

function files(skill: Skill, named: ReadonlySet<string>): Finding[] {
  return skill.files.flatMap(({ path, text, bytes }): Finding[] => {
    const say = (severity: Finding["severity"], rule: string, message: string): Finding => ({
      kind: "link",
      severity,
      rule,
      message,
      file: path,
      line: 0,
    });
    const size = `${bytes < 1000 ? bytes : `${Math.round(bytes / 1000)} k`}B`;
    if (/^(?:evals\/.*|skill_meta\.json|LICENSE(?:\..*)?|README\.md)$/i.test(path)) return [];
    if (text === null && !path.startsWith("assets/"))
      return [say("warning", "binary", `No text (${size}): nobody can read what it does.`)];
    if (path.startsWith("scripts/"))
      return [say("note", "script", `A script (${size}); read it before an agent runs it.`)];
    if (path.startsWith("references/") && !named.has(path))
      return [say("warning", "unnamed-reference", "SKILL.md does not name it, so that no agent will open it.")];
    return [];
  });
}
