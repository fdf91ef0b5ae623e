"""The graders of src/eval/graders.ts, to the same verdict on every text: JavaScript's white space, numbers and UTF-16 units,
spelt out in Python, and patterns by RE2. e2e/oracle/check_graders.py holds both to the same cases.
"""
import json
import math
import re
import sys

# Canonical JSON is written recursively, to the depth that both sides allow.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
MAX_JSON_TEXT = 100_000
MAX_JSON_DEPTH = 400
ANSWERS = ["answer", "solution", "expected", "ground_truth", "target", "completion"]


def js_number(text):
    """Number(text)."""
    text = text.strip(SPACE)
    if not text:
        return 0.0
    if re.fullmatch(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+", text):
        return float(int(text, 0))
    if re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", text):
        return float(text)
    infinite = re.fullmatch(r"([+-]?)Infinity", text)
    return (-math.inf if infinite[1] == "-" else math.inf) if infinite else math.nan


NUMBER = re.compile(
    r"(?:(?<!\w)[-+])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+|(?=\.\d))(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII
)


def last_number(text):
    found = NUMBER.findall(units(text))
    return float(found[-1].replace(",", "")) if found else math.nan


def refused(constant):
    raise ValueError(f"JSON has no {constant}")


def canonical(value, depth=0):
    if depth > MAX_JSON_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        inner = [f"{json.dumps(key)}:{canonical(item, depth + 1)}" for key, item in sorted(value.items())]
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join([canonical(item, depth + 1) for item in value]) + "]"
    if isinstance(value, float):
        # JSON.stringify writes what is not finite as null, and no sign before 0.
        return repr(value + 0.0 if value else 0.0) if math.isfinite(value) else "null"
    return json.dumps(value)


def entries(text):
    """Keys to values as canonical JSON, of the text from its first brace to its last; None where that is no object."""
    text = units(text)
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        # Pairs of surrogates must be one character again for the keys to be those of the other text.
        inner = text[start : end + 1][:MAX_JSON_TEXT].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        value = json.loads(inner, parse_int=float, parse_constant=refused)
        return {key: canonical(item) for key, item in value.items()} if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        return None


def grade(output, check):
    """(passes, score 0 to 1) of one check, as plain data."""
    kind = check["kind"]
    if kind == "exact":
        return verdict(output.strip(SPACE) == check["expected"].strip(SPACE))
    if kind == "contains":
        fold = str.lower if check.get("ignoreCase") else str
        return verdict(units(fold(check["expected"])) in units(fold(output)))
    if kind == "regex":
        return verdict(matches(output, check["pattern"], check.get("flags", "")) is True)
    if kind == "numeric":
        return verdict(abs(last_number(output) - check["expected"]) <= check.get("tolerance", 1e-6))
    wanted, got = entries(check["expected"]), entries(output)
    if wanted is None or got is None:
        return verdict(False)
    keys = {*wanted, *got}
    share = sum(key in got and got[key] == wanted.get(key) for key in keys) / len(keys) if keys else 1.0
    return share == 1, 0.2 + 0.8 * share


def verdict(passes):
    return passes, float(passes)


def check_of(reward, expected):
    """The check that a reward of the recipe is; None for one that is no check."""
    name = reward["name"]
    if name == "contains":
        return {"kind": name, "expected": expected.strip(SPACE)}
    if name == "numeric":
        return {"kind": name, "expected": js_number(expected)}
    if name == "regex":
        return {"kind": name, "pattern": reward["pattern"]}
    return None if name in ("short", "python", "javascript") else {"kind": name, "expected": expected}


def text_of(content):
    return content if isinstance(content, str) else content[-1]["content"]


def carried(code):
    """A reward that is Python itself, in a namespace of its own: completions, prompts and answers in, numbers out."""
    space = {"__name__": "candidate"}
    exec(code, space)
    return space["reward"]


def requires_python(rewards):
    if any(reward["name"] == "javascript" for reward in rewards):
        raise SystemExit("This recipe's reward is JavaScript, which TRL cannot run. Write it in Python, or train in Burnish.")


def reward_function(reward, place, longest):
    """What GRPOTrainer calls: completions and the rows' columns in, a number for each out."""
    own = carried(reward["code"]) if reward["name"] == "python" else None

    def score(completions, prompts, answer, completion_ids, **_):
        if own:
            return own(completions=list(map(text_of, completions)), prompts=list(map(text_of, prompts)), answer=answer)
        if reward["name"] == "short":
            # 1 for an answer of up to half of what is allowed, falling to 0 for one that takes all.
            return [min(1.0, max(0.0, 2 - 2 * len(ids) / longest)) for ids in completion_ids]
        return [grade(text_of(one), check_of(reward, wanted))[1] for one, wanted in zip(completions, answer)]

    score.__name__ = f"{reward['name']}_{place + 1}"
    return score


def passes_reward(rewards, prompt, wanted, answer):
    """What was rewarded is also what is judged: by the first reward that can, a check or code that gives 1 or more."""
    judge = next((one for one in rewards if one["name"] == "python" or check_of(one, "")), {"name": "exact"})
    if judge["name"] != "python":
        return grade(answer, check_of(judge, wanted))[0]
    return carried(judge["code"])(completions=[answer], prompts=[prompt], answer=[wanted])[0] >= 1
