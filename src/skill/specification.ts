/**
 * The Agent Skills specification: what its reference validator calls an error is one here; what only its prose says is a
 * warning. Lengths are in code points.
 */
import { type Finding, visible } from "./finding";
import type { Skill } from "./skill";

const ALLOWED = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];
const MOST_NAME = 64;
const MOST_DESCRIPTION = 1024;
const MOST_COMPATIBILITY = 500;
export const MOST_BODY_LINES = 500;

export function checkSpecification(skill: Skill): Finding[] {
  const { file, frontMatter, folder } = skill;
  const { fields, fault } = frontMatter;
  const say = (severity: Finding["severity"], rule: string, message: string, line = 1): Finding => ({
    ...{ kind: "format", severity, rule, message, file, line },
  });
  const found: Finding[] = [];
  if (file !== "SKILL.md")
    found.push(say("warning", "file-name", `It is called ${file}; the specification says SKILL.md.`, 0));
  if (fault) return [...found, say("error", "front-matter", visible(fault.message), fault.line), ...body(skill)];
  const dashes = frontMatter.text.split("\n").findIndex((line) => line.includes("---"));
  if (dashes >= 0) {
    const message = "Three dashes within the front matter end it there for readers that look for the next three.";
    found.push(say("warning", "front-matter-dashes", message, dashes + 2));
  }
  const lineOf = (key: string) => fields.get(key)?.line ?? 1;
  const extra = [...fields.keys()].filter((key) => !ALLOWED.includes(key));
  for (const key of extra) {
    found.push(
      say(
        "error",
        "unknown-key",
        `${quoted(key)} is no key of the specification; it knows ${ALLOWED.join(", ")}.`,
        lineOf(key),
      ),
    );
  }
  const error = (rule: string, message: string, key: string) => found.push(say("error", rule, message, lineOf(key)));

  const name = fields.get("name");
  if (!name) error("name-missing", "It has no name.", "name");
  else if (typeof name.value !== "string" || name.value.trim() === "")
    error("name-empty", "Its name is empty or no text.", "name");
  else for (const [rule, message] of nameFaults(name.value, folder)) error(rule, message, "name");
  if (typeof name?.value === "string" && /\P{ASCII}/u.test(name.value))
    found.push(
      say("warning", "name-ascii", "Its name has letters beyond a to z, which not every agent takes.", name.line),
    );

  const description = fields.get("description");
  if (!description)
    error("description-missing", "It has no description, by which an agent decides to open it.", "description");
  else if (typeof description.value !== "string" || description.value.trim() === "")
    error("description-empty", "Its description is empty or no text.", "description");
  else if (lengthOf(description.value) > MOST_DESCRIPTION)
    error(
      "description-long",
      `Its description has ${lengthOf(description.value)} characters; ${MOST_DESCRIPTION} are allowed.`,
      "description",
    );

  const compatibility = fields.get("compatibility");
  if (compatibility && typeof compatibility.value !== "string")
    error("compatibility-text", "Its compatibility is no text.", "compatibility");
  else if (compatibility && lengthOf(String(compatibility.value)) > MOST_COMPATIBILITY)
    error("compatibility-long", `Its compatibility has more than ${MOST_COMPATIBILITY} characters.`, "compatibility");

  for (const [key, wanted] of [
    ["license", "a name or a file's name"],
    ["allowed-tools", "names with spaces between"],
  ] as const) {
    const value = fields.get(key);
    if (value && typeof value.value !== "string")
      found.push(say("warning", `${key}-text`, `Its ${key} should be one text: ${wanted}.`, value.line));
  }
  const tools = fields.get("allowed-tools");
  if (typeof tools?.value === "string" && /,(?![^(]*\))/.test(tools.value))
    found.push(
      say(
        "warning",
        "allowed-tools-commas",
        "Its allowed-tools have commas; the specification puts spaces between.",
        tools.line,
      ),
    );
  const metadata = fields.get("metadata");
  const flat = (value: unknown) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((one) => typeof one === "string" || one === null);
  if (metadata && !flat(metadata.value))
    found.push(say("warning", "metadata-map", "Its metadata should be a map of names to texts.", metadata.line));
  return [...found, ...body(skill)];
}

/** Of the name as others read it: NFKC, any letters or digits that are lower case, single hyphens within. */
export function nameFaults(written: string, folder: string | null): [rule: string, message: string][] {
  const name = written.trim().normalize("NFKC");
  const faults: [string, string][] = [];
  if (lengthOf(name) > MOST_NAME)
    faults.push(["name-long", `Its name has ${lengthOf(name)} characters; ${MOST_NAME} are allowed.`]);
  if (name !== name.toLowerCase()) faults.push(["name-case", "Its name has capital letters."]);
  if (/^-|-$/.test(name)) faults.push(["name-ends", "Its name begins or ends with a hyphen."]);
  if (name.includes("--")) faults.push(["name-hyphens", "Its name has two hyphens in a row."]);
  if (!/^[\p{L}\p{N}-]+$/u.test(name))
    faults.push(["name-characters", "Its name has characters other than letters, digits and hyphens."]);
  if (folder !== null && folder.normalize("NFKC") !== name)
    faults.push([
      "name-folder",
      `Its name is ${quoted(name)}, but its folder is called ${quoted(folder)}; they must be the same.`,
    ]);
  return faults;
}

function body({ body: text, bodyLine, file }: Skill): Finding[] {
  const lines = text.split("\n").length;
  if (text === "") {
    const message = "It has nothing below its front matter: an agent that opens it learns nothing.";
    return [{ kind: "format", severity: "warning", rule: "body-empty", message, file, line: bodyLine }];
  }
  if (lines <= MOST_BODY_LINES) return [];
  const message = `Its body has ${lines} lines; under ${MOST_BODY_LINES} are advised, with details in references/.`;
  return [{ kind: "size", severity: "warning", rule: "body-lines", message, file, line: bodyLine + MOST_BODY_LINES }];
}

export const lengthOf = (text: string): number => [...text].length;

const quoted = (text: string) => JSON.stringify(visible(text));
