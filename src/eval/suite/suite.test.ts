import { describe, expect, test } from "vitest";
import type { AppError } from "@/errors";
import { questionOf, suiteHash } from "../suite";
import { readAgentskills, writeAgentskills } from "./agentskills";
import { writePromptfoo } from "./promptfoo";
import { readSuite } from "./read";
import { writeUpskill } from "./upskill";

const fault = (source: string, name: string): Pick<AppError, "code" | "message"> => {
  try {
    readSuite(source, name);
  } catch (error) {
    return error as AppError;
  }
  return { code: "internal", message: "nothing was thrown" };
};

describe("upskill", () => {
  const tests = [
    { input: "Name it", expected: { contains: "Lamp" } },
    { input: "Fix it", context: { files: { "a.py": "x = 1" } }, expected: { contains: ["x", "2"] } },
  ];
  test("reads a list, {cases} and a skill's meta file alike", async () => {
    const list = readSuite(JSON.stringify(tests), "t.json");
    expect(list).toMatchObject({
      format: "upskill",
      cases: [{ assert: [{ type: "icontains-all", value: ["Lamp"] }] }, {}],
    });
    for (const value of [{ cases: tests }, { metadata: {}, tests }]) {
      expect(await suiteHash(readSuite(JSON.stringify(value), "t.json"))).toBe(await suiteHash(list));
    }
    expect(list.cases[1] && questionOf(list.cases[1])).toContain("```a.py\nx = 1\n```");
  });
  test("writes what it reads", () => {
    const suite = readSuite(JSON.stringify(tests), "t.json");
    expect(readSuite(writeUpskill(suite), "t.json")).toEqual(suite);
  });
  test("verifiers of text are read, those of agents listed and refused", () => {
    const of = (type: string) => JSON.stringify([{ input: "q", verifiers: [{ type, values: ["a"], path: "x" }] }]);
    expect(readSuite(of("contains"), "t.json").cases).toHaveLength(1);
    expect(fault(of("command"), "t.json")).toMatchObject({ code: "suite/unsupported" });
    expect(fault(of("command"), "t.json").message).toContain('verifier "command" (case 1)');
    expect(fault('[{"input":"q","expected":{"contains":"a"},"surprise":1}]', "t.json").code).toBe("suite/malformed");
  });
});

test("agentskills: prose is kept as prose, code becomes prose", () => {
  const evals = [{ id: 1, prompt: "Do", expected_output: "Done", assertions: ["It is polite."] }];
  const suite = readSuite(JSON.stringify({ skill_name: "s", evals }), "evals.json");
  expect(suite.cases).toMatchObject([{ id: "1", prose: ["It is polite."], expected: "Done", assert: [] }]);
  expect(readAgentskills(JSON.parse(writeAgentskills(suite, "s")), "evals.json")).toEqual(suite);
});

describe("promptfoo", () => {
  const yaml = `
prompts: ["Say {{word}} in {{ language }}"]
providers: [openai:gpt-5]
defaultTest:
  vars: {language: French}
  assert: [{type: not-is-refusal}]
tests:
  - description: lamp
    vars: {word: lamp}
    threshold: 0.5
    assert:
      - {type: icontains, value: "{{word}}", weight: 2, metric: right}
      - type: assert-set
        threshold: 0.5
        assert: [{type: levenshtein, value: lampe, threshold: 2}, {type: regex, value: "^l"}]
  - vars: {word: door, language: German}
    assert: [{type: is-json, value: {type: object}}, {type: javascript, value: "output.length < 5 && {{}}"}]
`;
  test("fills prompts and values, and adds the default", () => {
    const { cases } = readSuite(yaml, "p.yaml");
    expect(cases.map(({ input }) => input)).toEqual(["Say lamp in French", "Say door in German"]);
    expect(cases[0]).toMatchObject({
      ...{ id: "lamp", threshold: 0.5 },
      assert: [
        { type: "is-refusal", not: true },
        { type: "icontains", value: "lamp", weight: 2, metric: "right" },
        { type: "assert-set", assert: [{ type: "levenshtein" }, { type: "regex" }] },
      ],
    });
  });
  test("writes what it reads, variables filled in", () => {
    const suite = readSuite(yaml.replace("&& {{}}", ""), "p.yaml");
    const again = readSuite(writePromptfoo(suite), "p.yaml");
    const plain = ({ cases }: typeof suite) =>
      cases.map(({ input, assert, threshold }) => ({ input, assert, threshold }));
    expect(plain(again)).toEqual(plain(suite));
  });
  test("what is not known is listed, all of it, and refused", () => {
    const odd = `
prompts: ["{{q}} {% if x %}"]
scenarios: []
tests:
  - vars: {q: [1, 2]}
    assert: [{type: llm-rubric, value: nice}, {type: similar, value: x}, {type: equals, value: a, transform: output.trim()}]
  - vars: {q: a}
    options: {transform: x}
    assert: [{type: regex, value: "(?=x)"}]
`;
    const { code, message } = fault(odd, "p.yaml");
    expect(code).toBe("suite/unsupported");
    for (const word of [
      "llm-rubric",
      "similar",
      "transform",
      "{% ",
      "scenarios",
      "options",
      "look-around",
      "a list as",
    ]) {
      expect(message).toContain(word);
    }
  });
  test("CSV", () => {
    const csv =
      'question,__expected,__expected2,__threshold\n"1+1?",contains:2,levenshtein(3):two,0.5\nCapital?,Paris,,\n';
    expect(readSuite(csv, "p.csv").cases).toMatchObject([
      {
        input: "1+1?",
        threshold: 0.5,
        assert: [
          { type: "contains", value: "2" },
          { type: "levenshtein", threshold: 3 },
        ],
      },
      { input: "Capital?", assert: [{ type: "equals", value: "Paris" }] },
    ]);
    expect(fault("q,__expected\na,similar(0.8):b\n", "p.csv").message).toContain('"similar"');
    expect(fault("q,__expected,__prefix\na,b,c\n", "p.csv").message).toContain("__prefix");
  });
});

test("code, choices and plain rows", () => {
  const lines = (...rows: object[]) => rows.map((row) => JSON.stringify(row)).join("\n");
  const human = {
    task_id: "H/0",
    prompt: "def f():\n",
    entry_point: "f",
    canonical_solution: "  return 1\n",
    test: "def check(c): pass",
  };
  expect(readSuite(lines(human), "h.jsonl")).toMatchObject({
    format: "humaneval",
    cases: [{ id: "H/0", code: { entryPoint: "f" } }],
  });
  expect(fault(lines({ ...human, entry_point: "f); import os" }), "h.jsonl").code).toBe("suite/malformed");
  const mbpp = {
    task_id: 2,
    text: "Add",
    code: "def a(): pass",
    test_list: ["assert a() is None"],
    test_setup_code: "",
  };
  expect(readSuite(lines(mbpp), "m.jsonl").cases[0]?.input).toContain("assert a() is None");
  const choices = (answer: unknown) => lines({ question: "Sky?", choices: ["green", "blue"], answer });
  for (const answer of [1, "B", "blue", "1"]) {
    expect(readSuite(choices(answer), "c.jsonl").cases).toMatchObject([{ choices: { answer: 1 }, expected: "blue" }]);
  }
  expect(fault(choices("C"), "c.jsonl").message).toContain("no answer among");
  const arc = { question: "Sky?", choices: { text: ["green", "blue"], label: ["1", "2"] }, answerKey: "2" };
  expect(readSuite(lines(arc), "c.jsonl").cases[0]?.expected).toBe("blue");
  expect(readSuite(lines({ prompt: "2+2", completion: 4 }), "e.jsonl").cases[0]?.assert).toMatchObject([
    { value: "4" },
  ]);
  expect(readSuite("question,answer\na,b\n", "e.csv").cases).toMatchObject([{ input: "a", expected: "b" }]);
});

describe("hostile files", () => {
  test("a YAML bomb is refused, soon", () => {
    const levels = "abcdefghi".split("");
    const bomb = levels.map(
      (name, i) =>
        `${name}: &${name} [${Array(9)
          .fill(i ? `*${levels[i - 1]}` : "lol")
          .join(",")}]`,
    );
    const started = performance.now();
    expect(fault(`${bomb.join("\n")}\ntests: *i\n`, "p.yaml").code).toBe("suite/malformed");
    expect(performance.now() - started).toBeLessThan(2_000);
  });
  test.each([
    ["prompts: [a]\ntests: !!js/function 'x'\n", "p.yaml"],
    ["a: 1\na: 2\n", "p.yaml"],
    ["[[[", "t.json"],
    ["{}", "t.json"],
    ["[]", "t.json"],
    ["", "t.jsonl"],
    ['{"a":1}', "t.jsonl"],
    ["x", "t.exe"],
    ["[".repeat(100_000), "t.yaml"],
    ["x".repeat(17e6), "t.json"],
  ])("%.20s is refused with a reason", (source, name) => {
    expect(fault(source, name).code).toMatch(/^suite\//);
  });
});
