/** The rewards of train.py in real Python give what ours give; src/tooling/oracle.mjs says where its Python lies. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { rewardsOf } from "@/eval/rewards";
import { sandboxRewards } from "@/eval/sandbox/judges";
import { nodeCages } from "@/eval/sandbox/node-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";
import { pythonRewards } from "@/export/script-rewards";
import { parseRecipe, REWARD_NAMES } from "@/train/recipe";

const { BURNISH_PYTHON } = process.env;
const PATTERN = "^(?<word>[a-z]+)(, \\w+)*\\.?$";
const EXPECTED = ["blue", " 7 ", "-1200", "0.5", "", '{"a": 1, "b": [true, null, "x"]}', "{}", "no number"];
const COMPLETIONS = [
  ...EXPECTED,
  "It is blue.\n",
  "the sum is 7",
  "from 3-7",
  "(-1,200)",
  "1,2000 and then .5",
  "5e-1.",
  "7.0000001",
  'So: {"b": [true, null, "x"], "a": 1.0} it is',
  '{"a": 1, "b": [false], "c": 2}',
  '{"a": [1',
  '{"a": NaN}',
  "[1, 2]",
  "a, b",
];

const CODE = `
import re
def reward(completions, answer, **kwargs):
    return [len(re.findall("[a-z]", one)) / 7 + (wanted in one) for one, wanted in zip(completions, answer)]
`;

test.skipIf(!BURNISH_PYTHON)("every reward is the same number in Python", async () => {
  const names = REWARD_NAMES.filter((name) => name !== "javascript");
  const rewards = names.map((name) => ({
    ...{ name, pattern: name === "regex" ? PATTERN : "" },
    ...(name === "python" ? { code: CODE } : {}),
  }));
  const { grpo } = parseRecipe({ method: "grpo", grpo: { rewards, maxCompletionLength: 10 } });
  const { source, names: called } = pythonRewards(grpo);
  const cases = EXPECTED.flatMap((expected) => COMPLETIONS.map((completion) => ({ expected, completion })));
  const tokens = cases.map((_, i) => i % 12);
  const program = `import json, math, re, sys
${source}
cases, tokens = json.load(sys.stdin)
completions = [[{"role": "assistant", "content": one["completion"]}] if i % 2 else one["completion"] for i, one in enumerate(cases)]
answer = [one["expected"] for one in cases]
ids = [[0] * count for count in tokens]
print(json.dumps([of(completions=completions, prompts=completions, answer=answer, completion_ids=ids) for of in [${called.join(", ")}]]))
`;
  const { stdout, stderr } = spawnSync(BURNISH_PYTHON ?? "", ["-c", program], {
    input: JSON.stringify([cases, tokens]),
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  const theirs = JSON.parse(stdout) as number[][];
  const inputs = cases.map((one, i) => ({ prompt: "", ...one, tokens: tokens[i] ?? 0, maxTokens: 10 }));
  const sandbox = createSandbox(nodeCages());
  for (const [which, { name, reward }] of rewardsOf(grpo.rewards, sandboxRewards(sandbox)).entries()) {
    const ours = await reward(inputs);
    for (const [i, one] of cases.entries()) {
      expect(theirs[which]?.[i], `${name}: ${JSON.stringify(one)}`).toBeCloseTo(Number(ours[i]), 12);
    }
    expect(new Set(theirs[which]).size, `${name} tells nothing apart`).toBeGreaterThan(1);
  }
  sandbox.close();
});
