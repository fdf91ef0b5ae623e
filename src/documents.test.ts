/** What documents and comments say of files is true: a path that is named in full is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules") return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Placeholders are written in capitals (src/ops/NAME.ts), patterns with a star or braces; what else has a top folder in front is a file or a folder. */
const PATH = /(?<![\w/@."'`-]|`\.\.\/)`?((?:src|shaders|e2e|docs|public)\/[\w./-]*[\w-])(?![\w*{-]|\/[\w*{])/g;
const named = (text: string) =>
  [...text.matchAll(PATH)].flatMap(([, path = ""]) => (/[A-Z]{2}/.test(path) ? [] : [path]));
const absent = (paths: readonly string[]) => paths.filter((path) => !existsSync(join(ROOT, path)));

test("paths in documents", () => {
  // The log tells what was, and a change log what came when.
  const documents = ["README.md", ...["docs", "e2e", "public"].flatMap(filesBelow)].filter(
    (path) => path.endsWith(".md") && !/docs\/log\.md$/.test(path),
  );
  expect(documents.length).toBeGreaterThan(10);
  expect(documents.flatMap((path) => absent(named(read(path))).map((gone) => `${path}: ${gone}`))).toEqual([]);
});

test("paths in comments", () => {
  const sources = ["src", "shaders", "e2e"]
    .flatMap(filesBelow)
    .filter((path) => /\.(tsx?|mjs|py|wgsl|css)$/.test(path));
  const comment = /^\s*(?:\/\/|\/?\*|#).*$/gm;
  const gone = sources.flatMap((path) => {
    const comments = (read(path).match(comment) ?? []).join("\n");
    return absent(named(comments)).map((one) => `${path}: ${one}`);
  });
  expect(gone).toEqual([]);
});

test("the judges' README names every script that is there, and no other", () => {
  const folder = "e2e/oracle";
  const text = read(`${folder}/README.md`);
  const scripts = readdirSync(join(ROOT, folder)).filter((name) => /\.(py|mjs)$/.test(name));
  expect(scripts.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  const listed = [...text.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) => cell.match(/\w+\.(?:py|mjs)/g) ?? []);
  expect(listed.filter((name) => !scripts.includes(name))).toEqual([]);
});
