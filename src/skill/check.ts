/** All that can be said of a skill without a model, worst first. */
import type { Finding } from "./finding";
import { checkHidden } from "./hidden";
import { checkInjection } from "./injection";
import { checkLinks } from "./links";
import type { Skill } from "./skill";
import { checkSpecification } from "./specification";

const RANK = { error: 0, warning: 1, note: 2 } as const;

export function checkSkill(skill: Skill): Finding[] {
  const texts = [{ path: skill.file, text: skill.source }, ...skill.files];
  const inTexts = texts.flatMap(({ path, text }) =>
    text === null ? [] : [...checkHidden(text, path), ...checkInjection(text, path)],
  );
  const all = [...checkSpecification(skill), ...inTexts, ...checkLinks(skill)];
  return all.sort((a, b) => RANK[a.severity] - RANK[b.severity]);
}
