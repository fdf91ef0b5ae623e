/** Skills of the mock session: parts that help, hurt and cannot be told, and one that a teacher wrote in two rounds. */
import type { Suite } from "@/eval/suite";
import type { SuiteReport } from "@/eval/suite-report";
import { makeSkill } from "@/skill/skill";
import { mockSuite } from "@/ui/mock/suite";
import type { PageSession } from "@/worker/client";

type PartEffect = NonNullable<SuiteReport["ablation"]>["parts"][number];
type Skills = Pick<PageSession, "evaluateSkill" | "generateSkill">;

const PARTS = [
  ["When to use it", 0.02, "cannot tell"],
  ["Codes of the catalogue, with an example for each family of lamps", 0.31, "helps"],
  ["Tone", -0.18, "hurts"],
] as const;

export function mockSkills(wait: () => Promise<unknown>): Skills {
  const report = (suite: Suite, { settings, choices = {} }: Parameters<Skills["evaluateSkill"]>[0]) => {
    const { k = 1, ...decision } = choices;
    return mockSuite({ ...decision, suite, settings, k, arms: ["base", "skill", "placebo"] }, () => {}, wait);
  };
  return {
    evaluateSkill: async (ask) => {
      const parts = PARTS.map(([name, effect, verdict], i) => partOf(name, effect, verdict, i, ask.suite.cases.length));
      const notes = ["Each part is left out alone: two parts that say the same cover for each other."];
      return { report: { ...(await report(ask.suite, ask)), ablation: { parts, calls: 180, notes } }, notes: [] };
    },
    generateSkill: async ({ task, suite: own, cases: count, ...ask }, onEvent) => {
      for (const phase of ["skill", "cases", "refine", "report"] as const) {
        onEvent({ phase, done: 1, total: 3, note: "9 of 24 pass." });
        await wait();
      }
      const written = Array.from({ length: count }, (_, i) => ({
        id: `${i}`,
        input: `What is lamp ${i}?`,
        expected: "zug",
      }));
      const suite = own ?? {
        name: "cases of lamps",
        format: "upskill",
        cases: written.map((one) => ({ ...one, assert: [], tags: [] })),
      };
      const half = Math.floor(suite.cases.length / 2);
      const halves = {
        refining: { ...suite, cases: suite.cases.slice(0, half) },
        reporting: { ...suite, name: `${suite.name}, reporting half`, cases: suite.cases.slice(half) },
      };
      const skill = makeSkill(`---\nname: lamps\ndescription: ${task}\n---\n\n# Codes\n\nEvery lamp is called zug.\n`);
      const made = await report(halves.reporting, { ...ask, suite, skill });
      const [answers] = made.arms;
      if (!answers) throw new Error("The mock has no arm.");
      const rounds = [9, 21, 18].map((passed, i) => ({ skill, answers, passed, kept: i < 2 }));
      const findings = [
        { kind: "size", severity: "note", rule: "short", message: "It is short.", file: "SKILL.md", line: 0 } as const,
      ];
      const notes = ["3 written cases were left out: asked already."];
      return { skill, teacher: "the mock", cases: [], suite, halves, rounds, report: made, findings, notes };
    },
  };
}

function partOf(name: string, effect: number, verdict: PartEffect["verdict"], at: number, cases: number): PartEffect {
  const interval = { low: effect - 0.14, high: effect + 0.12 };
  return {
    ...{ name, text: name, lines: [5 + 8 * at, 12 + 8 * at], effect, interval, verdict, cases, pairs: cases },
    ...{
      pValue: 0.004,
      pHolm: verdict === "cannot tell" ? 0.8 : 0.012,
      unanswered: 0,
      gained: 14,
      lost: 3,
      sentence: "",
    },
  };
}
