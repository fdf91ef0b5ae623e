/** The skill at a path: a folder, a SKILL.md in one, or a zip. */
import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { file, wholeFolder } from "@/cli/files";
import type { Flags } from "@/cli/flags";
import { AppError } from "@/errors";
import { BODY_ALONE, type SkillChoice } from "@/skill/compose";
import { openSkill } from "@/skill/open";
import type { Skill } from "@/skill/skill";

const OWN = ["references", "scripts", "assets"];

export async function skillAt(path: string | undefined): Promise<Skill> {
  if (path === undefined)
    throw new AppError("usage", "Which skill?", { hint: "Give its folder, its SKILL.md or a zip." });
  const whole = resolve(path);
  if ((await stat(whole).catch(() => undefined))?.isDirectory())
    return openSkill(await wholeFolder(whole), basename(whole));
  const one = await file(whole);
  if (!/^skill\.md$/i.test(one.name)) return openSkill([one]);
  // Its own folders belong to it; what else lies beside it may be a whole project.
  const beside = await Promise.all(
    OWN.map((name) => wholeFolder(join(dirname(whole), name), `${name}/`).catch(() => [])),
  );
  return openSkill([one, ...beside.flat()], basename(dirname(whole)));
}

export const choiceOf = ({ references = [], scripts = [] }: Flags): SkillChoice => ({
  ...BODY_ALONE,
  references,
  scripts,
});
