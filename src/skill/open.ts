/**
 * A SKILL.md, a folder's files or a zip → a skill. It comes from a stranger: names are only names, sizes are bounded
 * before and while they are read, and nothing is written anywhere.
 */
import { AppError } from "@/errors";
import { unzip } from "@/files/archive";
import type { NamedFile } from "@/worker/api/sources";
import { makeSkill, type Skill } from "./skill";

export const MOST_FILES = 500;
const MOST_FILE = 4e6;
const MOST_ALL = 32e6;

interface Found {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * One SKILL.md, one zip, or the files of a folder by their paths in it; `folder` is what the folder is called.
 * Throws "file/malformed", "file/too-large".
 */
export async function openSkill(files: readonly NamedFile[], folder: string | null = null): Promise<Skill> {
  const [only] = files;
  if (files.length === 1 && only && (await isZip(only.blob))) return fromZip(only);
  if (files.length > MOST_FILES) throw tooLarge(`It has ${files.length} files`);
  const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
  if (total > MOST_ALL) throw tooLarge(`Its files are ${Math.round(total / 1e6)} MB`);
  const found: Found[] = [];
  for (const { name, blob } of files) {
    if (blob.size > MOST_FILE) throw tooLarge(`${quoted(name)} is ${Math.round(blob.size / 1e6)} MB`);
    found.push({ path: safePath(name), bytes: new Uint8Array(await blob.arrayBuffer()) });
  }
  if (found.length === 1 && found[0]) return assemble([{ ...found[0], path: baseName(found[0].path) }], folder, true);
  return assemble(found, folder, false);
}

async function fromZip({ name, blob }: NamedFile): Promise<Skill> {
  if (blob.size > MOST_ALL) throw tooLarge(`${quoted(name)} is ${Math.round(blob.size / 1e6)} MB`);
  const found: Found[] = [];
  let total = 0;
  for await (const part of unzip(piecesOf(blob), /./)) {
    if ("note" in part) throw malformed(part.note);
    if (found.length >= MOST_FILES) throw tooLarge(`It has more than ${MOST_FILES} files`);
    const path = safePath(part.entry.name);
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of part.entry.pieces()) {
      size += piece.length;
      total += piece.length;
      if (size > MOST_FILE) throw tooLarge(`${quoted(path)} unpacks to more than ${MOST_FILE / 1e6} MB`);
      if (total > MOST_ALL) throw tooLarge(`It unpacks to more than ${MOST_ALL / 1e6} MB`);
      pieces.push(piece);
    }
    found.push({ path, bytes: joined(pieces, size) });
  }
  return assemble(found, null, false);
}

/** In the folder itself, or in the one folder that an archive holds. */
function assemble(found: readonly Found[], folder: string | null, single: boolean): Skill {
  const seen = new Set<string>();
  for (const { path } of found) {
    const folded = path.normalize("NFC").toLowerCase();
    if (seen.has(folded)) throw malformed(`It holds ${quoted(path)} twice, or in two ways of writing.`);
    seen.add(folded);
  }
  const isMain = ({ path }: Found) => /(^|\/)skill\.md$/i.test(path) || (single && /\.md$/i.test(path));
  const depth = ({ path }: Found) => path.split("/").length;
  const mains = found.filter(isMain).sort((a, b) => depth(a) - depth(b) || Number(a.path > b.path));
  const top = mains.filter((one) => mains[0] && depth(one) === depth(mains[0]));
  const [main, another] = [top.find(({ path }) => path.endsWith("SKILL.md")) ?? top[0], top[1]];
  if (!main) throw malformed("There is no SKILL.md in it.");
  if (another && prefixOf(another.path) !== prefixOf(main.path)) {
    throw malformed(
      `It holds ${top.length} skills, ${quoted(prefixOf(main.path))} and others; one is looked at at a time.`,
    );
  }
  const prefix = prefixOf(main.path);
  const files = found
    .filter((one) => one !== main && one.path.startsWith(prefix))
    .map(({ path, bytes }) => ({ path: path.slice(prefix.length), text: textOf(bytes), bytes: bytes.length }));
  const source = textOf(main.bytes);
  if (source === null) throw malformed(`${quoted(main.path)} is no UTF-8 text.`);
  const inner = prefix.split("/").at(-2);
  return makeSkill(source, { folder: inner ?? folder, file: baseName(main.path), files });
}

const prefixOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);
const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** A path that stays where it is put. Throws "file/malformed". */
export function safePath(name: string): string {
  const path = name.replace(/^(\.\/)+/, "");
  const parts = path.split("/");
  const bad =
    path === "" || path.length > 200 || parts.length > 12 || /[\\:\p{Cc}]/u.test(path) || path.startsWith("/");
  if (bad || parts.some((part) => part === ".." || part === "." || part === "")) {
    throw malformed(`${quoted(name)} is no name of a file within a folder.`);
  }
  return path;
}

function textOf(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

async function isZip(blob: Blob): Promise<boolean> {
  const [a, b, c, d] = new Uint8Array(await blob.slice(0, 4).arrayBuffer());
  return a === 0x50 && b === 0x4b && c === 3 && d === 4;
}

async function* piecesOf(blob: Blob): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const step = 1 << 20;
  for (let at = 0; at < blob.size; at += step) yield new Uint8Array(await blob.slice(at, at + step).arrayBuffer());
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const quoted = (name: string) => JSON.stringify(name.length > 80 ? `${name.slice(0, 79)}…` : name);

const malformed = (why: string) =>
  new AppError("file/malformed", `This is no skill. ${why}`, {
    hint: "A skill is a SKILL.md, its folder, or a zip of the folder.",
  });

const tooLarge = (what: string) =>
  new AppError(
    "file/too-large",
    `${what}; a skill may have ${MOST_FILES} files, ${MOST_FILE / 1e6} MB each, ${MOST_ALL / 1e6} MB in all.`,
    {
      hint: "Give the skill's folder alone.",
    },
  );
