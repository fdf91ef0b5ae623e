import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkNode } from "./install.mjs";

interface Entry {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test("package-lock.json is whole: `npm ci` refuses it when a platform's package is absent", () => {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Entry> };
  const absent = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
    ),
  );
  expect(absent).toEqual([]);
  const unlocked = Object.entries(packages).filter(
    // What comes from a folder of this repository needs no digest.
    ([path, entry]) =>
      !(entry.version && entry.integrity) && !/^(src\/.*)?$/.test(entry.link ? (entry.resolved ?? "") : path),
  );
  expect(unlocked.map(([path]) => path)).toEqual([]);
});

test("a Node that is too old is told so in plain words", () => {
  for (const version of ["16.20.2", "18.20.0", "20.18.3"])
    expect(() => checkNode(version)).toThrow(/^Burnish needs Node 20\.19 or newer, and this is Node /);
  for (const version of ["20.19.0", "22.0.0", "24.1.0"]) checkNode(version);
});
