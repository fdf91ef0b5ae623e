/** The sandbox in Node: honest programs pass, attacks never, and one does not harm the next. */
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attacks, endedRight, HONEST } from "@/eval/sandbox/attacks";
import { nodeCages } from "@/eval/sandbox/node-cage";
import { humanEvalProgram, javascriptAssertion, mbppProgram, pythonAssertion } from "@/eval/sandbox/program";
import { createSandbox, type Sandbox } from "@/eval/sandbox/sandbox";

let asked = 0;
const server = createServer((_, response) => {
  asked++;
  response.end("out");
});
let address = "";
let sandbox: Sandbox;

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const bound = server.address();
  address = `http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : 0}/`;
  sandbox = createSandbox(nodeCages(), { programMs: 20_000 });
});
afterAll(() => {
  sandbox.close();
  server.close();
});

describe("programs", () => {
  test("an honest one passes, a wrong one fails with its reason", async () => {
    expect(await sandbox.run(HONEST)).toMatchObject({ kind: "pass", score: 1 });
    const task = { prompt: "def f(x):\n", entry_point: "f", test: "def check(c):\n    assert c(1) == 2, 'one'\n" };
    expect(await sandbox.run(humanEvalProgram(task, "    return x + 1"))).toMatchObject({ kind: "pass" });
    const wrong = await sandbox.run(humanEvalProgram(task, "    print('hm')\n    return x"));
    expect(wrong).toMatchObject({ kind: "fail", score: 0, output: "hm\n" });
    expect(wrong.reason).toContain("AssertionError: one");
    expect(await sandbox.run(mbppProgram("def g(): return 2", ["assert g() == 2"], "import math"))).toMatchObject({
      kind: "pass",
    });
  }, 120_000);

  test("assertions in Python and JavaScript give a boolean, a score or a grade", async () => {
    const said = 'He said "4",\nthen \\n left 🙂';
    const context = { vars: { expected: "4" } };
    for (const [make, code, kind, score] of [
      [pythonAssertion, "context['vars']['expected'] in output", "pass", 1],
      [pythonAssertion, "n = len(output)\nreturn {'pass': n < 3, 'score': 0.25, 'reason': 'long'}", "fail", 0.25],
      [pythonAssertion, "'🙂' in output and 0.5", "pass", 0.5],
      [pythonAssertion, "7", "error", 0],
      [javascriptAssertion, "output.includes(context.vars.expected)", "pass", 1],
      [javascriptAssertion, "const n = output.length; return { pass: n < 3, score: 0.25 };", "fail", 0.25],
      [javascriptAssertion, "output.endsWith('🙂') ? 0.5 : 0", "pass", 0.5],
      [javascriptAssertion, "'text'", "error", 0],
    ] as const) {
      expect(await sandbox.run(make(code, said, context)), code).toMatchObject({ kind, score });
    }
  }, 120_000);

  test("numbers of HumanEval's kind do not leak from one program to the next", async () => {
    await sandbox.run({ language: "python", candidate: "import math\nleft = 1\n", test: "assert left" });
    const after = await sandbox.run({ language: "python", candidate: "", test: "assert left" });
    expect(after).toMatchObject({ kind: "fail" });
  }, 120_000);
});

describe("attacks", () => {
  // Those that cost a new interpreter each are for the judges, but for one.
  const QUICK = /^(wrong|no program|forged|shadowed|swallowed|fork|socket|urllib|ctypes|javascript)/;

  test("none is called right, none harms the next, nothing reaches the server", async () => {
    const quick = attacks(address).filter(({ name }) => QUICK.test(name) && !/loop|memory/.test(name));
    for (const attack of quick) {
      const { kind, reason } = await sandbox.run(attack.program);
      expect(endedRight(attack, kind), `${attack.name}: ${kind}, ${reason}`).toBe(true);
    }
    expect(await sandbox.run(HONEST)).toMatchObject({ kind: "pass" });
    expect(asked).toBe(0);
  }, 180_000);

  test("a loop is killed at its limit, and the next program has an interpreter again", async () => {
    const own = createSandbox(nodeCages(), { programMs: 300 });
    const loop = javascriptAssertion("for (;;) {} return true", "", {});
    expect(await own.run(loop)).toMatchObject({ kind: "timeout", reason: "The program did not end within 0.3 s." });
    const slow = createSandbox(nodeCages());
    expect(await slow.run(javascriptAssertion("true", "", {}))).toMatchObject({ kind: "pass" });
    own.close();
    slow.close();
  }, 60_000);
});
