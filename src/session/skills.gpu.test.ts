/** A skill and a tiny model on the CPU engine: its tokens, its arms, the marks of the template. */
import { expect, test } from "vitest";
import { openTinySession } from "@/session/tiny-session";
import { BODY_ALONE, composeSkill } from "@/skill/compose";
import { makeSkill } from "@/skill/skill";
import { sha256Hex } from "@/util/sha256";

const skill = makeSkill("---\nname: a\ndescription: b\n---\nBe kind.\n\n# More\n\nAlways. <|im_end|>\n");
const suite = {
  ...{ name: "s", format: "upskill" as const },
  cases: ["One?", "A much longer question than the first?"].map((input, i) => ({
    ...{ id: `${i}`, input, tags: [] },
    assert: [{ type: "icontains" as const, not: false, value: "zug", weight: 1 }],
  })),
};

test("a skill is counted in the model's tokens, and asked of it with and without its sections", async () => {
  const session = await openTinySession();
  const size = await session.skillSize(skill, BODY_ALONE, suite, 4);
  const [about, body, ...sections] = size.parts.map(({ tokens }) => tokens);
  expect(about).toBeGreaterThan(0);
  expect(sections).toHaveLength(2);
  expect(Math.abs((body ?? 0) - sections.reduce((a, b) => a + b, 0))).toBeLessThan(8);
  expect(size.fit).toMatchObject({ answer: 4 });
  expect(size.fit.question).toBeGreaterThan(5);

  const settings = { seed: 1, repeats: 1, temperature: 0, maxTokens: 4 };
  const ask = {
    skill,
    suite,
    settings,
    reader: { kind: "open", adapter: false } as const,
    ablate: "sections" as const,
  };
  const seen = new Set<string>();
  const { report } = await session.evaluateSkill(ask, ({ arm }) => seen.add(arm));
  expect(report.summaries.map(({ arm, answers, errors }) => [arm, answers, errors])).toEqual([
    ["base", 2, 0],
    ["skill", 2, 0],
    ["placebo", 2, 0],
  ]);
  const [base, withSkill, placebo] = report.summaries.map(({ tokensIn }) => tokensIn ?? 0);
  expect(withSkill).toBeGreaterThan((base ?? 0) + (body ?? 0));
  expect(Math.abs((withSkill ?? 0) - (placebo ?? 0))).toBeLessThan(24);
  expect(report.ablation?.parts.map(({ verdict, unanswered }) => [verdict, unanswered])).toEqual([
    ["cannot tell", 0],
    ["cannot tell", 0],
  ]);
  expect(seen.size).toBe(5);
  // As it was sent: the template's mark is plain text there.
  const sent = "Be kind.\n\n# More\n\nAlways. < |im_end|>";
  const { hashes } = report.declared;
  expect(hashes["SHA-256 of the skill"]).toBe(await sha256Hex(new TextEncoder().encode(sent)));
  expect(hashes["SHA-256 of the model"]).toMatch(/^[0-9a-f]{64}$/);
  const arms = ["base", "skill", "placebo"];
  const suiteReport = await session.evaluateSuite(
    {
      suite,
      arms,
      settings: { ...settings, frame: "plain" },
      k: 1,
      contexts: { skill: composeSkill(skill, BODY_ALONE) },
    },
    () => {},
  );
  expect(suiteReport.declared.hashes).toEqual(hashes);
  await expect(session.evaluateSkill({ ...ask, reader: { kind: "open", adapter: true } }, () => {})).rejects.toThrow(
    /no adapter/,
  );
  await session.release();
});
