/** A scripted teacher and student on loopback: facts reach the student by the skill alone. */
import { afterEach, describe, expect, test } from "vitest";
import { roughTokens } from "@/eval/arms";
import { openAIProvider } from "@/eval/providers/openai";
import type { Suite } from "@/eval/suite";
import { readSuite } from "@/eval/suite/read";
import { openSkill } from "../open";
import { nameOf } from "../skill";
import { COLUMNS, layOut, RESULTS } from "../upskill";
import { readCases } from "./cases";
import { readDraft } from "./draft";
import { generateSkill } from "./generate";
import { halvesOf } from "./halves";
import { readMaterial } from "./material";
import { type Asked, startTeacher, type TeacherServer } from "./teacher-server";

const codeOf = (lamp: number) => `zug-${(lamp * 37) % 101}`;
const table = (to: number) => Array.from({ length: to }, (_, i) => `- lamp ${i}: ${codeOf(i)}`).join("\n");
const skillText = (to: number) =>
  `---\nname: lamp-codes\ndescription: Codes of lamps. Use it for any lamp.\n---\n\n# Codes\n\n${table(to)}\n`;
const contentOf = ({ messages }: Asked) => messages.map(({ content }) => content).join("\n");

/** Writes half of the codes at first, all of them when it is shown a failure; cases of lamps not listed yet. */
function teacher(body: Asked): string {
  const text = contentOf(body);
  if (text.includes("You write test cases")) {
    const from = (text.match(/^- What is/gm) ?? []).length;
    const cases = Array.from({ length: 12 }, (_, i) => ({
      input: `What is the code of lamp ${from + i}?`,
      expected: { contains: [codeOf(from + i)] },
    }));
    return `Here they are:\n\`\`\`json\n${JSON.stringify({ cases })}\n\`\`\``;
  }
  return text.includes("as it stands") ? skillText(60) : skillText(24);
}

function student({ messages }: Asked): string {
  const lamp = /code of lamp (\d+)\?/.exec(messages.at(-1)?.content ?? "")?.[1];
  const known = new RegExp(`lamp ${lamp}: (\\S+)`).exec(messages.map(({ content }) => content).join("\n"))?.[1];
  return known ? `It is ${known}.` : "I do not know.";
}

let server: TeacherServer | undefined;
afterEach(() => server?.close());

async function run(write: (asked: Asked) => string, more: { cases?: number; rounds?: number; suite?: Suite } = {}) {
  server?.close();
  server = await startTeacher((body) => (body.model === "student" ? student(body) : write(body)));
  const { url } = server;
  const provider = openAIProvider({ baseUrl: url, model: "student" });
  const settings = { seed: 7, repeats: 1, temperature: 0, maxTokens: 20, frame: "chat" as const };
  return generateSkill(
    { task: "Tell the codes of lamps", material: null, cases: 60, rounds: 2, settings, ...more },
    openAIProvider({ baseUrl: url, model: "teacher" }),
    { provider, encode: roughTokens, marksIn: () => [] },
    {},
  );
}

describe("generation", () => {
  test("cases that are there already are halved in place of written ones", async () => {
    const row = (i: number) => JSON.stringify({ input: `What is the code of lamp ${i}?`, expected: codeOf(i) });
    const rows = Array.from({ length: 44 }, (_, i) => row(i)).join("\n");
    const suite = readSuite(rows, "mine.jsonl");
    const made = await run(teacher, { suite, rounds: 1 });
    expect(server?.asked.filter((body) => contentOf(body).includes("You write test cases"))).toEqual([]);
    expect(made.halves.refining.cases.length + made.halves.reporting.cases.length).toBe(44);
    expect(made.report.declared.suite.name).toBe("mine.jsonl, reporting half");
    const shown = contentOf(server?.asked.find((body) => contentOf(body).includes("as it stands")) as Asked);
    const questions = made.halves.reporting.cases.map(({ input }) => String(input));
    expect(questions.filter((question) => shown.includes(question))).toEqual([]);
    expect(made.suite).toBe(suite);
    await expect(run(teacher, { suite: { ...suite, cases: suite.cases.slice(0, 1) } })).rejects.toThrow(/suite has 1/);
  });

  test("refined on one half, reported on the other, which the teacher never sees", async () => {
    const made = await run(teacher);
    const { refining, reporting } = made.halves;
    expect(refining.cases.length + reporting.cases.length).toBe(60);
    expect(reporting.cases.length).toBeGreaterThan(19);
    expect(made.rounds.map(({ kept }) => kept)).toEqual([true, true]);
    expect(made.rounds[1]?.passed).toBe(refining.cases.length);
    expect(made.rounds[0]?.passed).toBeLessThan(refining.cases.length);
    const verdicts = Object.fromEntries(made.report.comparisons.map(({ after, verdict }) => [after, verdict]));
    expect(verdicts).toEqual({ skill: "better", placebo: "inconclusive" });
    expect(made.report.summaries.map(({ arm, passed }) => [arm, passed])).toEqual([
      ["base", 0],
      ["skill", reporting.cases.length],
      ["placebo", 0],
    ]);
    expect(new Set(made.report.arms.flatMap(({ answers }) => answers.map(({ caseId }) => caseId)))).toEqual(
      new Set(reporting.cases.map(({ id }) => id)),
    );

    const toTeacher = server?.asked.filter(({ model }) => model === "teacher").map(contentOf) ?? [];
    const refines = toTeacher.filter((text) => text.includes("as it stands"));
    expect(refines.length).toBe(1);
    for (const { input } of reporting.cases) expect(refines.join("\n")).not.toContain(`Asked: ${String(input)}`);
    expect(refining.cases.some(({ input }) => refines.join("\n").includes(`Asked: ${String(input)}`))).toBe(true);
    for (const text of toTeacher.filter((one) => one.includes("You write test cases")))
      expect(text).not.toContain("# Codes");
    expect(made.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  test("a refinement that does no better is not kept", async () => {
    const made = await run((body) => (contentOf(body).includes("as it stands") ? skillText(3) : teacher(body)), {
      rounds: 1,
    });
    expect(made.rounds.map(({ kept }) => kept)).toEqual([true, false]);
    expect(made.skill.body).toContain("lamp 23:");
  });

  test("a teacher without a skill, or without cases, is an error; one bad round is a note", async () => {
    await expect(run(() => "")).rejects.toThrow(/no skill that can be used/);
    await expect(
      run((body) => (contentOf(body).includes("test cases") ? "I would rather not." : skillText(3))),
    ).rejects.toThrow(/0 usable cases/);
    const made = await run((body) => (contentOf(body).includes("as it stands") ? "x".repeat(300_000) : teacher(body)), {
      cases: 60,
      rounds: 2,
    });
    expect(made.notes.filter((note) => note.includes("gave nothing"))).toHaveLength(2);
  });

  test("laid out as upskill does, and read again by our own readers", async () => {
    const made = await run(teacher, { cases: 24, rounds: 0 });
    const files = layOut(made, { startedAt: new Date(Date.UTC(2026, 10, 21, 9, 5, 7)), task: 'a, "b"' });
    const own = [...files].flatMap(([path, text]) =>
      path.startsWith("lamp-codes/") ? [{ name: path.slice(11), blob: new Blob([text]) }] : [],
    );
    const skill = await openSkill(own, "lamp-codes");
    expect([nameOf(skill), skill.body]).toEqual(["lamp-codes", made.skill.body]);
    const meta = readSuite(files.get("lamp-codes/skill_meta.json") ?? "", "skill_meta.json");
    expect(meta.cases.map(({ input }) => input)).toEqual(made.cases.map(({ input }) => input));
    expect(readSuite(files.get("lamp-codes/evals/evals.json") ?? "", "evals.json").cases).toHaveLength(24);
    expect([...files.keys()]).toContain("runs/2026_11_21_09_05_07/run_4/run_result.json");
    const rows = (files.get(RESULTS) ?? "").trimEnd().split("\r\n");
    expect(rows[0]).toBe(COLUMNS.join(","));
    expect(rows).toHaveLength(1 + 4);
    expect(rows[1]).toContain('"a, ""b"""');
  });
});

describe("hostile drafts", () => {
  const draft = (text: string) => readDraft(text, "Mend lamps: fast");
  test.each([
    ["no front matter", "# Mend\n\nGently.", "mend-lamps-fast", /made anew/],
    ["a wrong name", "---\nname: Mend Lamps!!\ndescription: x\n---\nGently.", "mend-lamps", /not legal/],
    ["a name that climbs", "---\nname: ../../etc\ndescription: x\n---\nGently.", "etc", /not legal/],
    ["talk and a fence", "Sure!\n\n---\nname: lamps\ndescription: x\n---\nGently.", "lamps", /Words before/],
    ["keys of others", "---\nname: lamps\ndescription: x\nhooks: rm\n---\nGently.", "lamps", /other keys/],
    ["hidden text", "---\nname: lamps\ndescription: x\n---\nGen\u200btly\u{e0041}\u{e0042}.", "lamps", /3 hidden/],
    ["a long description", `---\nname: lamps\ndescription: ${"x".repeat(2000)}\n---\nGently.`, "lamps", /was cut/],
  ])("%s is put right, and told", (_, text, name, told) => {
    const made = draft(text);
    expect(made.ok && nameOf(made.skill)).toBe(name);
    expect(made.ok && made.skill.body).toMatch(/Gently\.$/);
    expect(made.ok && made.repairs.join(" ")).toMatch(told);
    expect(made.ok && made.skill.frontMatter.fault).toBeNull();
  });

  test("files stay in the skill's folder", () => {
    const file = (path: string) => `=== ${path} ===\nx\n`;
    const paths = [
      "references/a.md",
      "../b.md",
      "/etc/c",
      "references/../../d.md",
      "references/x/e.md",
      "scripts/.f",
      "SKILL.md",
      "references\\g.md",
      "references/a.md",
    ];
    const made = draft(`---\nname: lamps\ndescription: x\n---\nGently.\n${paths.map(file).join("")}`);
    expect(made.ok && made.skill.files.map(({ path }) => path)).toEqual(["references/a.md"]);
    expect(made.ok && made.repairs.filter((told) => told.includes("file was left out"))).toHaveLength(8);
  });

  test("what is too long or empty is refused", () => {
    expect(draft("x".repeat(300_000))).toMatchObject({ ok: false });
    expect(draft(`---\nname: a\ndescription: x\n---\n${"x".repeat(50_000)}`)).toMatchObject({
      ok: false,
      why: expect.stringContaining("40000"),
    });
    expect(draft("---\nname: a\ndescription: x\n---\n")).toMatchObject({ ok: false });
  });

  test("a description stays one value, whatever it says", () => {
    for (const text of ["a: b", "x # y", "[z]", "'q", "- d", "a --- b", "true: no"]) {
      const made = draft(`---\nname: a\ndescription: ${JSON.stringify(text)}\n---\nGently.`);
      expect(made.ok && made.skill.frontMatter.fields.get("description")?.value).toBe(text.replace("---", "–"));
    }
  });
});

describe("cases and material", () => {
  test("each case alone is taken or told", () => {
    const ok = { input: "What is lamp 1?", expected: { contains: "zug" } };
    const items = [
      ok,
      ok,
      { input: "Say zug", expected: { contains: ["ZUG"] } },
      { input: "x?", expected: {} },
      7,
      { ...ok, input: "What is lamp 2?", extra: 1 },
    ];
    expect(readCases(JSON.stringify(items))).toEqual({
      cases: [
        { input: "What is lamp 1?", expected: { contains: ["zug"] } },
        { input: "What is lamp 2?", expected: { contains: ["zug"] } },
      ],
      dropped: {
        "asked already": 1,
        "the question itself would pass": 1,
        "not a question with texts that an answer must contain": 2,
      },
    });
    expect(readCases("no").cases).toEqual([]);
    expect(readCases(`[${"[".repeat(50_000)}`).cases).toEqual([]);
  });

  test("a half is the question's own: more cases move none", async () => {
    const suiteOf = (n: number) => ({
      name: "s",
      format: "upskill" as const,
      cases: Array.from({ length: n }, (_, i) => ({ id: `${i}`, input: `q ${i}`, assert: [], tags: [] })),
    });
    const [few, many] = [await halvesOf(suiteOf(40), 3), await halvesOf(suiteOf(80), 3)];
    const ids = (half: { cases: readonly { id: string }[] }) => half.cases.map(({ id }) => id);
    expect(ids(many.reporting)).toEqual(expect.arrayContaining(ids(few.reporting)));
    expect(ids(many.refining).filter((id) => ids(many.reporting).includes(id))).toEqual([]);
    expect(few.reporting.cases.length).toBeGreaterThan(8);
  });

  test("a trace or examples, as text, JSON lines or JSON", () => {
    const text = (source: string) => readMaterial(source, "trace", "f").text;
    expect(text('{"role":"user","content":"hi"}\n{"role":"assistant","content":[{"text":"yo"}]}')).toBe(
      "user: hi\n\nassistant: yo",
    );
    expect(text('{"messages":[{"role":"user","content":"hi"},{"role":"tool","content":null}]}')).toBe(
      "user: hi\ntool:",
    );
    expect(text('[{"input":"a","output":"b"}]')).toBe("Question: a\nAnswer: b");
    expect(text("just words")).toBe("just words");
    const long = readMaterial("x".repeat(60_000), "trace", "f");
    expect([long.text.length < 25_000, long.notes.length]).toEqual([true, 1]);
    expect(() => text("  ")).toThrow(/empty/);
  });
});
