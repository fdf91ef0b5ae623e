/** What a sandbox can run, and how the formats' code becomes that. */

/** How a program's value is read: a grade as assertions give it, or one number (or sentence of cause) an answer. */
export type Gives = "grade" | "values";

export type Program =
  | {
      readonly language: "python";
      /** The untrusted part; runs first, in a namespace of its own. */
      readonly candidate: string;
      /**
       * Sees what the candidate defined, but Python's own builtins; passes when it runs to its end. With `gives`, it
       * leaves JSON in `__burnish_value__`.
       */
      readonly test: string;
      readonly gives?: Gives;
    }
  | {
      readonly language: "javascript";
      /** A function of one JSON text that gives another, as text. */
      readonly script: string;
      /** JSON. */
      readonly input: string;
      readonly gives: Gives;
    };

/** Fields of a line of HumanEval; `completion` continues `prompt`. */
export interface HumanEvalTask {
  readonly prompt: string;
  readonly entry_point: string;
  readonly test: string;
}

/**
 * Answers must be values of Python's own types: an object that says it equals everything would pass any test.
 * HumanEval's tests ask for nothing else.
 */
const PLAIN = `
def __plain(function):
    def simple(value):
        if type(value) in (list, tuple, set, frozenset): return all(map(simple, value))
        if type(value) is dict: return all(map(simple, value)) and all(map(simple, value.values()))
        return value is None or type(value) in (bool, int, float, complex, str, bytes)
    def asked(*given, **named):
        value = function(*given, **named)
        if not simple(value): raise TypeError("the answer is no plain value of Python")
        return value
    return asked
`;

export function humanEvalProgram({ prompt, entry_point, test }: HumanEvalTask, completion: string): Program {
  return {
    language: "python",
    candidate: `${prompt}${completion}\n`,
    test: `${test}\n${PLAIN}\ncheck(__plain(${entry_point}))\n`,
  };
}

/** MBPP: `setup` is the line's test_setup_code (or test_imports). */
export function mbppProgram(code: string, tests: readonly string[], setup = ""): Program {
  return { language: "python", candidate: code, test: `${setup}\n${tests.join("\n")}\n` };
}

/** An expression, or the body of a function with `return`. */
const javascriptBody = (code: string) => (/^\s*return\b|[;{}]\s*return\b/m.test(code) ? code : `return (${code}\n);`);

/** `code` is of `output` and `context`. */
export function javascriptAssertion(code: string, output: string, context: unknown): Program {
  const script = `(input) => {
    const { output, context } = JSON.parse(input);
    return JSON.stringify(((output, context) => { ${javascriptBody(code)}\n })(output, context));
  }`;
  return { language: "javascript", script, input: JSON.stringify({ output, context }), gives: "grade" };
}

/** Text as a Python expression that gives it. */
const pythonText = (value: unknown) => JSON.stringify(JSON.stringify(value));

/**
 * A `python` assertion: an expression of `output` and `context`, or a function's body with `return`. It gives a boolean,
 * a number (the score; passes above 0) or {pass, score, reason}.
 */
export function pythonAssertion(code: string, output: string, context: unknown): Program {
  const body = /^\s*return\b/m.test(code) ? code : `return (\n${code.trim()}\n)`;
  const test = [
    "import json as __json",
    "def __assertion(output, context):",
    ...body.split("\n").map((line) => `    ${line}`),
    `__given = __json.loads(${pythonText({ output, context: context ?? null })})`,
    '__value = __assertion(__given["output"], __given["context"])',
    "__burnish_value__ = __json.dumps(__value)",
  ];
  return { language: "python", candidate: "", test: test.join("\n"), gives: "grade" };
}

/** What a reward sees of one sampled answer. */
export interface RewardRow {
  readonly completion: string;
  readonly prompt: string;
  /** What the row gives as its answer; empty where it has none. */
  readonly answer: string;
}

/**
 * TRL's own form: `def reward(completions, prompts, answer, **kwargs)` gives a list of numbers, one a completion. When
 * the whole batch fails, each answer is tried by itself, so that one that cannot be judged does not spoil the others.
 */
const ASK_PYTHON = `
import json as __json, math as __math, random as __random
def __ask(rows):
    columns = {name: [row[name] for row in rows] for name in ("prompt", "completion", "answer")}
    values = list(reward(prompts=columns["prompt"], completions=columns["completion"], answer=columns["answer"]))
    if len(values) != len(rows): raise ValueError(f"{len(values)} numbers for {len(rows)} completions")
    return values
def __number(value):
    if value is None: return "it gave None"
    value = float(value)
    return value if __math.isfinite(value) else f"it gave {value}"
def __try(rows):
    try: return [__number(value) for value in __ask(rows)]
    except Exception as fault:
        if len(rows) == 1: return [f"{type(fault).__name__}: {fault}"[:200]]
        return [one for row in rows for one in __try([row])]
__random.seed(0)
`;

const askJavascript = (code: string) => `(input) => {
  const reward = (completion, prompt, answer) => { ${javascriptBody(code)}\n };
  return JSON.stringify(JSON.parse(input).map(({ completion, prompt, answer }) => {
    try {
      const value = reward(completion, prompt, answer);
      return typeof value === "boolean" || Number.isFinite(value) ? Number(value) : ("it gave " + value).slice(0, 200);
    } catch (error) {
      return String(error).slice(0, 200);
    }
  }));
}`;

/** Rewards of a batch: as Python a function `reward`; as JavaScript, an expression of completion, prompt and answer. */
export function rewardProgram(language: "python" | "javascript", code: string, rows: readonly RewardRow[]): Program {
  if (language === "javascript") {
    return { language, script: askJavascript(code), input: JSON.stringify(rows), gives: "values" };
  }
  const asked = `__burnish_value__ = __json.dumps(__try(__json.loads(${pythonText(rows)})))`;
  return { language, candidate: code, test: `${ASK_PYTHON}\n${asked}\n`, gives: "values" };
}
