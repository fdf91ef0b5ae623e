import { describe, expect, test } from "vitest";
import type { Completion, Prompt, Provider } from "@/eval/provider";
import type { Case, Suite } from "@/eval/suite";
import { partsOf } from "./ablate";
import { composeSkill, inert } from "./compose";
import { type Answerer, measureSkill } from "./measure";
import { paragraphsOf, sectionsOf, without } from "./sections";
import { fitOf, sizeOf } from "./size";
import { makeSkill } from "./skill";

const BODY = `Opening.

# Facts

The lamp is called Zug.

\`\`\`sh
# not a heading
\`\`\`

## Noise

Say nothing.

# Bad

Answer in riddles.`;
const skill = makeSkill(`---\nname: lamps\ndescription: About lamps.\n---\n\n${BODY}\n`, {
  folder: "lamps",
  files: [
    { path: "references/api.md", text: "```\nx\n```\n", bytes: 10 },
    { path: "scripts/run.py", text: "print(1)", bytes: 8 },
    { path: "assets/a.png", text: null, bytes: 8 },
  ],
});

describe("sections", () => {
  test("by heading, with their path; a fence is no heading; what is left out is gone and nothing else", () => {
    const sections = sectionsOf(BODY);
    expect(sections.map(({ name }) => name)).toEqual(["(opening)", "Facts", "Facts › Noise", "Bad"]);
    expect(sections.map(({ to }) => to).at(-1)).toBe(BODY.split("\n").length);
    const [, facts] = sections;
    const rest = facts ? without(BODY, facts) : "";
    expect(rest).not.toContain("Zug");
    expect(rest).toContain("Opening.\n\n## Noise");
    expect(sections.reduceRight((text, section) => without(text, section), BODY)).toBe("");
  });

  test("paragraphs are within sections, a fenced block is one", () => {
    const found = paragraphsOf(BODY).map(({ name }) => name);
    expect(found).toEqual([
      "(opening) ¶1 “Opening.”",
      "Facts ¶1 “The lamp is called Zug.”",
      "Facts ¶2 “```sh”",
      "Facts › Noise ¶1 “Say nothing.”",
      "Bad ¶1 “Answer in riddles.”",
    ]);
    expect(() => partsOf(makeSkill("---\nname: a\n---\none"), "sections")).toThrow(/1 part to leave out/);
  });
});

describe("compose", () => {
  const all = { about: true, body: true, references: "all", scripts: ["run.py"] } as const;
  test("the body alone unless more is asked for; files are fenced so that they end where they end", () => {
    expect(composeSkill(skill)).toBe(BODY);
    expect(composeSkill(skill, all)).toBe(
      `# lamps\n\nAbout lamps.\n\n${BODY}\n\n\`\`\`\`references/api.md\n\`\`\`\nx\n\`\`\`\n\`\`\`\`\n\n\`\`\`scripts/run.py\nprint(1)\n\`\`\``,
    );
    expect(() => composeSkill(skill, { ...all, scripts: ["no.py"] })).toThrow(/no file "no.py"/);
  });

  test("marks of a template become plain text", () => {
    expect(inert("a <|im_start|>system </s>", ["<|im_start|>", "<|im", "<x>"]).text).toBe("a < |im_start|>system </s>");
  });

  test("sizes by part, and whether it fits", () => {
    const words = (text: string) => text.split(/\s+/).length;
    const parts = sizeOf(skill, words);
    expect(parts.map(({ kind }) => kind)).toEqual([
      "about",
      "body",
      "section",
      "section",
      "section",
      "section",
      "reference",
      "script",
    ]);
    expect(fitOf(100, 50, 20, 200).fits).toBe(true);
    expect(fitOf(100, 50, 50, 200).sentence).toMatch(/does not fit.*216.*200/);
  });
});

const questions = 40;
const cases = Array.from({ length: questions }, (_, i): Case => {
  const assert = [{ type: "icontains" as const, not: false, value: "zug", weight: 1 }];
  return { id: `${i}`, input: `What is lamp ${i} called?`, expected: "Zug", assert, tags: [] };
});
const suite: Suite = { name: "lamps", format: "upskill", cases };
const settings = { seed: 3, repeats: 1, temperature: 0, maxTokens: 9, frame: "chat" as const };

/** Knows only what the skill tells; riddles spoil every third answer. */
function reader(seen: Prompt[] = []): Answerer {
  const say = (prompt: Prompt): string => {
    const text = typeof prompt === "string" ? prompt : prompt.map(({ content }) => content).join("\n");
    const number = Number(/What is lamp (\d+)/.exec(text)?.[1]);
    return text.includes("Zug") && !(text.includes("riddles") && number % 3 === 0) ? "Zug" : "Who knows";
  };
  const provider: Provider = {
    name: "reader",
    complete: async (prompts) => {
      seen.push(...prompts);
      return prompts.map(
        (prompt): Completion => ({
          ok: true,
          text: say(prompt),
          promptTokens: 1,
          completionTokens: 1,
          truncated: false,
          latencyMs: 1,
          attempts: 1,
        }),
      );
    },
  };
  return { provider, encode: (text) => text.split(" "), marksIn: () => [] };
}

describe("measure", () => {
  test("facts that a model cannot know show a gain, the placebo none; each section's effect is found", async () => {
    const seen: Prompt[] = [];
    const { report } = await measureSkill(skill, { suite, settings, ablate: "sections" }, reader(seen), {});
    const { ablation } = report;
    expect(report.comparisons.map(({ after, verdict }) => [after, verdict])).toEqual([
      ["skill", "better"],
      ["placebo", "inconclusive"],
    ]);
    expect(ablation?.parts.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["(opening)", "cannot tell"],
      ["Facts", "helps"],
      ["Facts › Noise", "cannot tell"],
      ["Bad", "hurts"],
    ]);
    const [opening, facts, , bad] = ablation?.parts ?? [];
    expect(facts).toMatchObject({ gained: 26, lost: 0, effect: 26 / 40 });
    expect(bad).toMatchObject({ gained: 0, lost: 14, effect: -14 / 40 });
    expect(facts?.pHolm).toBeGreaterThanOrEqual(facts?.pValue ?? 1);
    expect(facts?.interval.low).toBeGreaterThan(0);
    expect(bad?.interval.high).toBeLessThan(0);
    expect(opening).toMatchObject({ effect: 0, pHolm: 1 });
    expect([ablation?.calls, seen.length]).toEqual([4 * 40, 7 * 40]);
    expect(skill.source.split("\n").slice((facts?.lines[0] ?? 1) - 1, facts?.lines[1])[0]).toBe("# Facts");
  });

  test("few cases give no verdict, whatever the effect", async () => {
    const few = { ...suite, cases: cases.slice(0, 19) };
    const { report } = await measureSkill(skill, { suite: few, settings, ablate: "sections" }, reader(), {});
    const { ablation } = report;
    expect(new Set(ablation?.parts.map(({ verdict }) => verdict))).toEqual(new Set(["cannot tell"]));
    expect(ablation?.parts[1]?.sentence).toMatch(/20 cases are needed/);
  });

  test("more calls than allowed are refused before the first", async () => {
    const seen: Prompt[] = [];
    const ask = { suite, settings, ablate: "paragraphs" as const, mostCalls: 199 };
    await expect(measureSkill(skill, ask, reader(seen), {})).rejects.toThrow(/asks 200 times; at most 199/);
    expect(seen).toEqual([]);
  });

  test("the skill stands where it is put, and spells no mark of the template", async () => {
    const seen: Prompt[] = [];
    const odd = makeSkill("---\nname: a\n---\n<|im_start|>system\nZug");
    const marksIn = () => ["<|im_start|>"];
    const ask = { suite: { ...suite, cases: cases.slice(0, 1) }, settings: { ...settings, place: "user" as const } };
    const { notes } = await measureSkill(odd, ask, { ...reader(seen), marksIn }, {});
    const asked = seen.find((prompt) => JSON.stringify(prompt).includes("Zug"));
    expect(asked).toEqual([{ role: "user", content: "< |im_start|>system\nZug\n\nWhat is lamp 0 called?" }]);
    expect(notes).toHaveLength(1);
  });
});
