/**
 * The rewards of src/eval/graders.ts as Python functions of TRL's GRPOTrainer: completions and the rows' columns in, one
 * number a completion out. Patterns stay RE2's but for the names of groups; Python reads the common ones alike. A reward
 * that is Python already goes along as it is, with names of its own; one in JavaScript ends the script with a sentence.
 */
import type { Recipe } from "@/train/recipe";

type Grpo = Recipe["grpo"];
type Spec = Grpo["rewards"][number];

const TEXTS = `def texts(completions):
    return [one if isinstance(one, str) else one[0]["content"] for one in completions]
`;

/** A function that looks at the text of an answer and at the row's own answer. */
const graded = (name: string, condition: string) => `def ${name}(completions, answer, **_):
    return [float(${condition}) for text, wanted in zip(texts(completions), answer)]
`;

const NUMERIC = `NUMBER = re.compile(
    r"(?:(?<!\\w)[-+])?(?:\\d{1,3}(?:,\\d{3})+(?!\\d)|\\d+|(?=\\.\\d))(?:\\.\\d+)?(?:[eE][-+]?\\d+)?", re.ASCII
)


def number(text):
    try:
        return float(text.strip() or "0")
    except ValueError:
        return math.nan


def last_number(text):
    found = NUMBER.findall(text)
    return float(found[-1].replace(",", "")) if found else math.nan


${graded("numeric", "abs(last_number(text) - number(wanted)) <= 1e-6")}`;

const JSON_ENTRIES = `def refused(constant):
    raise ValueError(f"JSON has no {constant}")


def entries(text):
    """Keys to values as canonical JSON, of the text from its first brace to its last."""
    try:
        inner = text[text.index("{") : text.rindex("}") + 1]
        value = json.loads(inner, parse_int=float, parse_constant=refused)
    except (ValueError, RecursionError):
        return None
    return {key: json.dumps(item, sort_keys=True) for key, item in value.items()} if isinstance(value, dict) else None


def same_json(text, wanted):
    """A fifth for an object at all, the rest for the share of its entries that are right."""
    got, right = entries(text), entries(wanted)
    if got is None or right is None:
        return 0.0
    keys = {*got, *right}
    share = sum(key in got and got[key] == right.get(key) for key in keys) / len(keys) if keys else 1.0
    return 0.2 + 0.8 * share


${graded("json_entries", "same_json(text, wanted)")}`;

const short = (longest: number) => `def short(completions, completion_ids, **_):
    """1 for an answer of up to half of what is allowed, falling to 0 for one that takes all."""
    return [min(1.0, max(0.0, 2 - 2 * len(ids) / ${longest})) for ids in completion_ids]
`;

const PROMPTS = `def questions(prompts):
    return [one if isinstance(one, str) else one[-1]["content"] for one in prompts]
`;

/** The source line by line, so that it can be read; run in a namespace of its own, as in the sandbox. */
function carried(own: string, code: string): string {
  const lines = code.split(/\r?\n/).map((line) => `        ${JSON.stringify(line)},\n`);
  return `${PROMPTS}

${own.toUpperCase()} = {"__name__": "candidate"}
exec(
    "\\n".join([
${lines.join("")}    ]),
    ${own.toUpperCase()},
)


def ${own}(completions, prompts, answer, **_):
    given = {"completions": texts(completions), "prompts": questions(prompts), "answer": answer}
    return ${own.toUpperCase()}["reward"](**given)
`;
}

const REFUSED = `raise SystemExit(
    "This recipe's reward is JavaScript, which TRL cannot run. Write it in Python (docs/recipe.md), or train in Burnish."
)
`;

/** What a reward is called in the script, and its definition. */
function rewardOf(
  { name, pattern, code = "" }: Spec,
  place: number,
  longest: number,
): { name: string; source: string } {
  switch (name) {
    case "exact":
      return { name, source: graded(name, "text.strip() == wanted.strip()") };
    case "contains":
      return { name, source: graded(name, "wanted.strip() in text") };
    case "numeric":
      return { name, source: NUMERIC };
    case "json":
      return { name: "json_entries", source: JSON_ENTRIES };
    case "regex": {
      const own = `regex_${place + 1}`;
      const python = JSON.stringify(pattern.replace(/\(\?<(?![=!])/g, "(?P<"));
      return {
        name: own,
        source: `def ${own}(completions, **_):
    return [float(re.search(${python}, text[:100_000], re.ASCII) is not None) for text in texts(completions)]
`,
      };
    }
    case "short":
      return { name, source: short(longest) };
    case "python": {
      const own = `python_${place + 1}`;
      return { name: own, source: carried(own, code) };
    }
    case "javascript":
      return { name: "None", source: REFUSED };
  }
}

/** Definitions, each once, and the list of names in the recipe's order. */
export function pythonRewards({ rewards, maxCompletionLength }: Grpo): { source: string; names: string[] } {
  const all = rewards.map((spec, place) => rewardOf(spec, place, maxCompletionLength));
  const sources = new Set([TEXTS, ...all.map(({ source }) => source)]);
  return { source: [...sources].join("\n\n"), names: all.map(({ name }) => name) };
}
