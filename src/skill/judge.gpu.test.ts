/** Half of the judge e2e/oracle/check_skills.py, which sets the folder: what Burnish calls an error in each of its skills. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkSkill } from "./check";
import { openSkill } from "./open";

const folder = process.env.BURNISH_SKILLS ?? "";

interface Case {
  readonly path: string;
  readonly folder: string;
  readonly file: string;
}

test.skipIf(folder === "")("skills are judged", async () => {
  const cases = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as Case[];
  const verdicts = await Promise.all(
    cases.map(async (one) => {
      const blob = new Blob([readFileSync(join(one.path, one.file))]);
      const skill = await openSkill(
        [
          { name: one.file, blob },
          { name: "LICENSE", blob: new Blob(["x"]) },
        ],
        one.folder,
      ).catch(() => null);
      if (skill === null) return ["no skill"];
      return checkSkill(skill).flatMap(({ kind, severity, rule }) =>
        kind === "format" && severity === "error" ? [rule] : [],
      );
    }),
  );
  expect(verdicts.length).toBeGreaterThan(100);
  writeFileSync(join(folder, "ours.json"), JSON.stringify(verdicts));
});
