/** A sandbox as what an evaluation and a reward need of it. */
import type { Rewarded, RewardRunner } from "@/eval/rewards";
import type { Judges } from "@/eval/run-arms";
import {
  humanEvalProgram,
  javascriptAssertion,
  mbppProgram,
  type Program,
  pythonAssertion,
  rewardProgram,
} from "@/eval/sandbox/program";
import type { Sandbox } from "@/eval/sandbox/sandbox";
import type { CodeTask } from "@/eval/suite";

export function sandboxJudges(sandbox: Sandbox): Judges {
  return {
    runCode: (language, code, output, context) => {
      const assertion = language === "python" ? pythonAssertion : javascriptAssertion;
      return sandbox.run(assertion(code, output, context));
    },
    runTask: (task, completion) => sandbox.run(taskProgram(task, completion)),
  };
}

/** Rewards of all answers of a batch at once; where the program was ended, the same sentence for each. */
export function sandboxRewards(sandbox: Sandbox): RewardRunner {
  return async (language, code, inputs): Promise<readonly Rewarded[]> => {
    const rows = inputs.map(({ completion, prompt, expected }) => ({ completion, prompt, answer: expected }));
    const { values, reason } = await sandbox.run(rewardProgram(language, code, rows));
    return values?.length === inputs.length ? values : inputs.map(() => reason);
  };
}

/** Models that chat give their program between fences, and the whole of it; others go on where the text stopped. */
export function taskProgram(task: CodeTask, completion: string): Program {
  const fenced = /```(?:python|py)?[ \t]*\r?\n([\s\S]*?)(?:```|$)/.exec(completion)?.[1];
  const text = fenced ?? completion;
  if (task.kind === "mbpp") return mbppProgram(text, task.tests, task.setup);
  const { prompt, entryPoint: entry_point, test } = task;
  const definition = new RegExp(`^(async )?def ${entry_point}\\b`, "m");
  // What stands before the function in the question: imports, helpers, types.
  const before = definition.test(text) ? prompt.slice(0, Math.max(0, prompt.search(definition))) : prompt;
  return humanEvalProgram({ prompt: before, entry_point, test }, text);
}
