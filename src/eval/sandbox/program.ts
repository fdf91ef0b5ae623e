/** What a sandbox can run, and how the formats' code becomes that. */

export type Program =
  | {
      readonly language: "python";
      /** The untrusted part; runs first, in a namespace of its own. */
      readonly candidate: string;
      /** Sees what the candidate defined, but Python's own builtins; passes when it runs to its end. */
      readonly test: string;
    }
  | {
      readonly language: "javascript";
      /** An expression of `output` and `context`, or the body of a function with `return`. */
      readonly code: string;
      readonly output: string;
      readonly context: unknown;
    };

/** Fields of a line of HumanEval; `completion` continues `prompt`. */
export interface HumanEvalTask {
  readonly prompt: string;
  readonly entry_point: string;
  readonly test: string;
}

export function humanEvalProgram({ prompt, entry_point, test }: HumanEvalTask, completion: string): Program {
  return { language: "python", candidate: `${prompt}${completion}\n`, test: `${test}\ncheck(${entry_point})\n` };
}

/** MBPP: `setup` is the line's test_setup_code (or test_imports). */
export function mbppProgram(code: string, tests: readonly string[], setup = ""): Program {
  return { language: "python", candidate: code, test: `${setup}\n${tests.join("\n")}\n` };
}

export function javascriptAssertion(code: string, output: string, context: unknown): Program {
  return { language: "javascript", code, output, context };
}

/**
 * A `python` assertion: an expression of `output` and `context`, or a function's body with `return`. It gives a boolean,
 * a number (the score; passes above 0) or {pass, score, reason}.
 */
export function pythonAssertion(code: string, output: string, context: unknown): Program {
  const given = JSON.stringify(JSON.stringify({ output, context: context ?? null }));
  const body = /^\s*return\b/m.test(code) ? code : `return (\n${code.trim()}\n)`;
  const test = [
    "import json as __json",
    "def __assertion(output, context):",
    ...body.split("\n").map((line) => `    ${line}`),
    `__given = __json.loads(${given})`,
    '__value = __assertion(__given["output"], __given["context"])',
    "__burnish_value__ = __json.dumps(__value)",
  ];
  return { language: "python", candidate: "", test: test.join("\n") };
}
