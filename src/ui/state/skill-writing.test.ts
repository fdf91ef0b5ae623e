import { beforeEach, expect, test, vi } from "vitest";
import { AppError } from "@/errors";
import { makeSkill } from "@/skill/skill";
import type { Generated } from "@/ui/state/skill-writing";
import type { PageSession } from "@/worker/client";

vi.stubGlobal("location", { hash: "", origin: "http://localhost", href: "http://localhost/" });
vi.stubGlobal("history", { replaceState: () => {} });

const { onnxModels } = await import("@/ui/state/answerers");
const { faults, useSession } = await import("@/ui/state/core");
const { result, stopEvaluation } = await import("@/ui/state/evaluate");
const { model } = await import("@/ui/state/model");
const { skillSlot } = await import("@/ui/state/skill");
const { opened } = await import("@/ui/state/suite");
const writing = await import("@/ui/state/skill-writing");

type Wish = Parameters<PageSession["generateSkill"]>[0];
const asked: Wish[] = [];
const suite = (name: string, n: number) => ({
  ...{ name, format: "upskill" as const },
  cases: Array.from({ length: n }, (_, i) => ({ id: `${i}`, input: `q${i}`, expected: "a", assert: [], tags: [] })),
});
const skill = makeSkill("---\nname: lamps\ndescription: d\n---\nAlways zug.", {
  files: [{ path: "references/api.md", text: "# API\n", bytes: 6 }],
});
const generated = {
  ...{ skill, teacher: "t", cases: [], suite: suite("all", 4), rounds: [], findings: [], notes: [] },
  halves: { refining: suite("refining", 2), reporting: suite("reporting", 2) },
  report: { sentence: "s", summaries: [] },
} as unknown as Generated;
let answer: () => Promise<Generated>;

beforeEach(() => {
  asked.length = 0;
  answer = async () => generated;
  const session: Partial<PageSession> = {
    generateSkill: (wish) => {
      asked.push(wish);
      return answer();
    },
    stop: async () => {},
    skillSize: async () => ({}) as Awaited<ReturnType<PageSession["skillSize"]>>,
  };
  useSession(session as PageSession);
  model.value = { name: "ember" } as typeof model.value;
  opened.value = null;
  onnxModels.value = [];
  writing.setSkillForm({ task: " Name lamps. ", writer: "server", own: false, cases: 48 });
  writing.teacher.value = { baseUrl: "http://localhost:1/v1", model: "big", key: "", priceIn: "", priceOut: "" };
});

test("what stands in the way is said, one thing at a time", () => {
  expect(writing.writingObstacle.value).toBeNull();
  writing.teacher.value = { ...writing.teacher.value, model: " " };
  expect(writing.writingObstacle.value).toBe("Who writes? Give the model’s name on the server.");
  writing.setSkillForm({ writer: "onnx:0" });
  expect(writing.writingObstacle.value).toBe("Choose who writes.");
  onnxModels.value = [{ kind: "hub", reference: "a/b" }];
  expect(writing.writingObstacle.value).toBeNull();
  writing.setSkillForm({ own: true });
  expect(writing.writingObstacle.value).toBe("Choose a suite, or let the writer make up cases.");
  writing.setSkillForm({ task: "" });
  expect(writing.writingObstacle.value).toBe("Say what it is to teach.");
  model.value = null;
  expect(writing.writingObstacle.value).toBe("Who is to read it? Open a model first.");
});

test("who writes, who reads and which cases reach the session; what comes back stands in the room", async () => {
  expect(await writing.writeSkill()).toBe(true);
  expect(asked[0]).toMatchObject({
    ...{ task: "Name lamps.", cases: 48, rounds: 2, reader: { kind: "open", adapter: false } },
    teacher: { kind: "endpoint", model: "big" },
  });
  expect(asked[0]).not.toHaveProperty("suite");
  expect(result.value?.report.sentence).toBe("s");
  opened.value = suite("mine", 50);
  writing.setSkillForm({ own: true, writer: "tab" });
  expect(writing.reporting.value).toMatchObject({ all: 50, cases: 25 });
  await writing.writeSkill();
  expect(asked[1]).toMatchObject({ suite: { name: "mine" }, teacher: { kind: "open", adapter: false } });

  await writing.takeMade(generated);
  expect(skillSlot.skill.value).toMatchObject({ folder: "lamps", files: [{ path: "references/api.md" }] });
  expect(skillSlot.text.value).toBe("Always zug.");
  expect(opened.value?.name).toBe("reporting");
});

test("a stop that breaks the writing off is no fault; a server that fails is one", async () => {
  const broken = async () => {
    throw new AppError("network/failed", "The teacher did not answer.");
  };
  answer = async () => {
    stopEvaluation();
    return broken();
  };
  await writing.writeSkill();
  expect([faults.value.evaluate, writing.made.value, writing.making.value]).toEqual([undefined, null, null]);
  answer = broken;
  expect(await writing.writeSkill()).toBe(false);
  expect(faults.value.evaluate?.message).toContain("did not answer");
});
