"""Judge of skills: the specification's reference validator and Burnish call the same ones right and wrong.

    check_skills.py --make FOLDER       skills, good and bad, one folder each, and cases.json
    check_skills.py --compare FOLDER    FOLDER/ours.json ([{folder, errors: [rule]}]) under skills_ref.validate
"""
import argparse
import json
import random
import sys
from pathlib import Path

from skills_ref.validator import validate
from verdict import Verdict

GOOD = "name: lamp-mender\ndescription: Mends lamps. Use it when one is dark."


def cases():
    """(what it tries, folder, SKILL.md or None, file name)"""
    front = lambda text: f"---\n{text}\n---\n\n# Mend\n\nGently.\n"
    both = lambda name, folder=None: ("name " + repr(name), folder or name, front(f"name: {name}\ndescription: x"), "SKILL.md")
    yield "good", "lamp-mender", front(GOOD), "SKILL.md"
    yield "lower-case file", "lamp-mender", front(GOOD), "skill.md"
    yield "no file", "lamp-mender", None, "README.md"
    for name in ("a", "a1", "1a", "123", "a-b-c", "a" * 64, "a" * 65, "A", "aB", "-a", "a-", "a--b", "a_b", "a.b", "a b", "é", "naïve", "日本", "ñ-1", "ﬁx", "x²", "straße", "ⅷ", "i̇"):
        yield both(name, name.strip())
    yield both("lamp-mender", "lamp")
    yield both("lamp-mender", "Lamp-mender")
    yield both("ﬁx", "fix")
    for text in ("", "description: x", "name: lamp-mender", "name:\ndescription: x", "name: lamp-mender\ndescription:", "name: ' '\ndescription: x",
                 "name: lamp-mender\ndescription: ' '", "name: 'lamp-mender'\ndescription: \"x\"", "name: lamp-mender # who\ndescription: x",
                 "name: lamp-mender\ndescription: a: b", "name: lamp-mender\ndescription: 'a: b'", "name: lamp-mender\ndescription: >\n  folded\n  text",
                 "name: lamp-mender\ndescription: |\n  two\n  lines", "name: lamp-mender\nname: lamp-mender\ndescription: x", "- name: lamp-mender",
                 "lamp-mender", "name: lamp-mender\ndescription: [a, b]", "name: lamp-mender\ndescription: {a: b}", "name: lamp-mender\ndescription:\n  - a",
                 "name: lamp-mender\ndescription:\n  a: b", "name: &n lamp-mender\ndescription: *n", "name: !!str lamp-mender\ndescription: x",
                 "name: lamp-mender\n\tdescription: x", "name: lamp-mender\ndescription: x --- y", "name: lamp-mender\ndescription: ~", "name: lamp-mender\ndescription: 7",
                 "name: lamp-mender\ndescription: true", "name: lamp-mender\ndescription: @x", "name: lamp-mender\ndescription: x\n\n\nlicense: MIT", "name: lamp-mender\ndescription: 'open"):
        yield "front matter " + repr(text), "lamp-mender", front(text), "SKILL.md"
    for length in (1, 1023, 1024, 1025):
        yield f"description of {length}", "lamp-mender", front(f"name: lamp-mender\ndescription: {'é' * length}"), "SKILL.md"
        yield f"description of {length} emoji", "lamp-mender", front(f"name: lamp-mender\ndescription: {'😀' * length}"), "SKILL.md"
    for extra in ("license: MIT", "compatibility: x", "compatibility: " + "x" * 500, "compatibility: " + "x" * 501, "compatibility:\n  - x", "metadata:\n  author: me\n  version: 1.0",
                  "metadata: x", "allowed-tools: Bash(git:*) Read", "allowed-tools:\n  - Read", "version: 1", "argument-hint: x", "user-invocable: false", "License: MIT", "model: x\ntools: y", "license:"):
        yield "with " + extra[:40], "lamp-mender", front(f"{GOOD}\n{extra}"), "SKILL.md"
    for text in ("# no front matter", f"---\n{GOOD}\n", f"\ufeff---\n{GOOD}\n---\nx", f"\n---\n{GOOD}\n---\nx", f"---\r\nname: lamp-mender\r\ndescription: x\r\n---\r\nx", f"---\n{GOOD}\n---", f"---\n{GOOD}\n---\na --- b\n---\n"):
        yield "text " + repr(text[:20]), "lamp-mender", text, "SKILL.md"
    draw = random.Random(7)
    for i in range(60):
        name = "".join(draw.choice("abz09-A_é. ") for _ in range(draw.randint(1, 9)))
        fields = [f"name: {name}", f"description: {'d' * draw.choice((0, 5, 1024, 1025))}", *draw.sample(["license: x", "metadata:\n  a: b", "extra: y", f"compatibility: {'c' * draw.choice((3, 501))}"], 2)]
        draw.shuffle(fields)
        folder = (name.strip() or "x") if draw.random() < 0.8 else "other"
        yield f"drawn {i}", folder, front("\n".join(fields)), "SKILL.md"


parser = argparse.ArgumentParser()
parser.add_argument("--make", type=Path)
parser.add_argument("--compare", type=Path)
args = parser.parse_args()
root = args.make or args.compare
if args.make:
    listed = []
    for i, (what, folder, text, file) in enumerate(cases()):
        if folder in (".", "..") or "/" in folder:
            continue
        path = root / "skills" / str(i) / folder
        path.mkdir(parents=True)
        (path / file).write_bytes((text or "x").encode())
        listed.append({"what": what, "folder": folder, "path": str(path), "file": file})
    (root / "cases.json").write_text(json.dumps(listed))
else:
    verdict = Verdict()
    for case, ours in zip(json.loads((root / "cases.json").read_text()), json.loads((root / "ours.json").read_text()), strict=True):
        theirs = validate(Path(case["path"]))
        good = (len(theirs) == 0) == (len(ours) == 0)
        verdict.check(good, f"{case['what']}: {ours} here, {theirs} there")
    sys.exit(verdict.finish())
