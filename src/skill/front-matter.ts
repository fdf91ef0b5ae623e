/**
 * The YAML between the first two lines of "---". Every scalar is text ("version: 1.0" is "1.0"), as in the specification's
 * reference reader, which also knows no flow style, no anchors and no tags.
 */
import { isCollection, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from "yaml";

export interface Field {
  /** Text, or what is nested as plain data. */
  readonly value: unknown;
  /** Of SKILL.md, from 1. */
  readonly line: number;
}

export interface Fault {
  readonly message: string;
  readonly line: number;
}

export interface FrontMatter {
  /** Between the dashes; "" where there are none. */
  readonly text: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Why it is no YAML that all can read; `fields` are then a guess. */
  readonly fault: Fault | null;
}

/** `rest` is what stands below, which begins on `line`. */
export function readFrontMatter(source: string): { frontMatter: FrontMatter; rest: string; line: number } {
  const none = (message: string, line: number, rest = source) => ({
    frontMatter: { text: "", fields: new Map(), fault: { message, line } },
    ...{ rest, line: 1 },
  });
  if (source.startsWith("\uFEFF---")) return withMark(source);
  if (!/^---[ \t]*\n/.test(source)) return none("It does not begin with a line of three dashes.", 1);
  const lines = source.split("\n");
  const end = lines.findIndex((line, i) => i > 0 && /^---[ \t]*$/.test(line));
  if (end < 0) return none("Its front matter has no closing line of three dashes.", 1);
  const text = lines.slice(1, end).join("\n");
  return { frontMatter: parse(text), rest: lines.slice(end + 1).join("\n"), line: end + 2 };
}

/** A byte order mark hides the dashes from other readers; the rest is read all the same. */
function withMark(source: string): ReturnType<typeof readFrontMatter> {
  const { frontMatter, ...rest } = readFrontMatter(source.slice(1));
  const fault = {
    message: "A byte order mark stands before its first line, so that others find no front matter.",
    line: 1,
  };
  return { frontMatter: { ...frontMatter, fault: frontMatter.fault ?? fault }, ...rest };
}

function parse(text: string): FrontMatter {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...OPTIONS, lineCounter: lines });
  const lineAt = (offset: number) => lines.linePos(offset).line + 1;
  const fault = (message: string, offset = 0): FrontMatter => ({
    ...{ text, fields: plainFields(text) },
    fault: { message, line: lineAt(offset) },
  });
  const [first] = [...document.errors, ...document.warnings];
  if (first)
    return fault(
      `Its YAML cannot be read: ${first.message.split("\n")[0]?.replace(/ at line .*$/, "")}.`,
      first.pos[0],
    );
  const odd = oddNode(document);
  if (odd) return fault(odd.message, odd.offset);
  if (!isMap(document.contents)) return fault("Its front matter is no list of keys and values.");
  const fields = new Map<string, Field>();
  for (const { key, value } of document.contents.items) {
    if (!isScalar(key)) continue;
    const plain = isNode(value) ? value.toJS(document) : value;
    fields.set(String(key.value), { value: plain ?? "", line: lineAt(key.range?.[0] ?? 0) });
  }
  return { text, fields, fault: null };
}

/** Of what is no YAML, "key: the rest of the line", as some writers write and read it (upskill among them). */
function plainFields(text: string): Map<string, Field> {
  const found = text.split("\n").flatMap((line, i): [string, Field][] => {
    const [, key, value = ""] = /^([A-Za-z][\w-]{0,40}):[ \t]*(.*)$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, { value: value.trim(), line: i + 2 }]];
  });
  return new Map(found);
}

const OPTIONS = { schema: "failsafe", uniqueKeys: true, stringKeys: true, logLevel: "error" } as const;

function oddNode(document: ReturnType<typeof parseDocument>): { message: string; offset: number } | null {
  let found: { message: string; offset: number } | null = null;
  visit(document, {
    Alias: (_, { range }) => {
      found = { message: "Its YAML has an alias (*name), which other readers refuse.", offset: range?.[0] ?? 0 };
      return visit.BREAK;
    },
    Value: (_, node) => {
      const offset = node.range?.[0] ?? 0;
      if (node.anchor) found = { message: "Its YAML has an anchor (&name), which other readers refuse.", offset };
      else if (node.tag) found = { message: "Its YAML has a tag (!name), which other readers refuse.", offset };
      else if (isCollection(node) && node.flow)
        found = {
          message: "Its YAML has brackets or braces ([…], {…}) as values, which other readers refuse.",
          offset,
        };
      return found ? visit.BREAK : undefined;
    },
  });
  return found;
}
