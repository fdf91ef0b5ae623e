import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Entry {
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
    ([path, entry]) => path !== "" && !(entry.version && entry.integrity),
  );
  expect(unlocked.map(([path]) => path)).toEqual([]);
});
