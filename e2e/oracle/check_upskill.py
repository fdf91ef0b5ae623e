"""Judge of suites in upskill's format: what Burnish writes is what upskill's own pydantic models accept, and the reverse.

    check_upskill.py --fetch FOLDER               upskill's package, unpacked; its Python may be newer than this one
    check_upskill.py --make FOLDER                tests written by upskill's own models
    check_upskill.py --compare FOLDER             FOLDER/ours.json under those models, case by case; FOLDER/generated, a skill
                                                  and the logs of its runs, under those models and upskill's own columns
"""
import argparse
import ast
import csv
import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from verdict import Verdict

VERSION = "0.2.1"
TESTS = [
    {"input": "Name the lamp.", "expected": {"contains": "Lamp"}},
    {"input": "Mend it \u2013 \"now\".\n", "context": {"files": {"a/b.py": "x = 1\n", "notes.md": "# \u00e9"}}, "expected": {"contains": ["x", "2"]}},
    {"input": "", "context": {}, "expected": {"contains": ["\U0001f44d", "{{x}}"]}},
]


def models(folder):
    spec = importlib.util.spec_from_file_location("upskill_models", folder / "package" / "upskill" / "models.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def upskill_skill(folder):
    made = models(folder)
    metadata = made.SkillMetadata(generated_by="m", source_task="t", test_pass_rate=0.5)
    tests = [made.TestCase.model_validate(test) for test in TESTS]
    return made.Skill(name="their-lamps", description="Mends lamps: \u00e9.", body="# Mend\n\n--- gently ---", references={"a.md": "x\n"},
                      scripts={"b.py": "print(1)"}, metadata=metadata, tests=tests)


def columns(folder):
    """FIELDNAMES of upskill's logging.py, read as text: importing it needs a newer Python."""
    tree = ast.parse((folder / "package" / "upskill" / "logging.py").read_text())
    return next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "FIELDNAMES")


def generated(folder, upskill):
    """(what, whether) of a skill and its logs as upskill itself would read them."""
    root = folder / "generated"
    skill = upskill.Skill.load(root / "lamp-codes")
    yield "skill", (skill.name, skill.body.splitlines()[0], list(skill.references)) == ("lamp-codes", "# Codes", ["more.md"])
    yield "description", skill.description == "Codes of lamps. Use it for any lamp."
    yield "metadata", skill.metadata.source_task == 'Tell, "exactly", the codes' and skill.metadata.generated_at.year == 2026 and skill.metadata.test_pass_rate == 1.0
    yield "tests", len(skill.tests) == 24 and all(test.expected.contains for test in skill.tests)
    batches = [path for path in (root / "runs").iterdir() if path.is_dir()]
    yield "one batch", len(batches) == 1
    summary = upskill.BatchSummary.model_validate_json((batches[0] / "batch_summary.json").read_text())
    yield "summary", summary.total_runs == len(summary.results) == 4 and summary.batch_id == batches[0].name
    for run in sorted(batches[0].glob("run_*")):
        result = upskill.RunResult.model_validate_json((run / "run_result.json").read_text())
        metadata = upskill.RunMetadata.model_validate_json((run / "run_metadata.json").read_text())
        yield run.name, result.metadata == metadata and 0 <= result.assertions_passed <= result.assertions_total and result.stats.total_tokens > 0
    yield "run types", [result.run_type for result in summary.results] == ["with_skill", "baseline", "with_skill", "placebo"]
    with open(root / "runs" / "results.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    yield "columns", list(rows[0]) == columns(folder)
    same = lambda row, result: (row["batch_id"], int(row["run_number"]), row["model"], row["task"], row["passed"] == "True", int(row["total_tokens"])) == (
        result.metadata.batch_id, result.metadata.run_number, result.metadata.model, result.metadata.task, result.passed, result.stats.total_tokens)
    yield "rows", len(rows) == 4 and all(map(same, rows, summary.results))


parser = argparse.ArgumentParser()
for name in ("fetch", "make", "compare"):
    parser.add_argument(f"--{name}", type=Path)
args = parser.parse_args()
if args.fetch:
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--ignore-requires-python", "--only-binary", ":all:",
                    f"upskill=={VERSION}", "-d", args.fetch], check=True)
    zipfile.ZipFile(next(args.fetch.glob("upskill-*.whl"))).extractall(args.fetch / "package")
elif args.make:
    suite = models(args.make).TestCaseSuite(cases=TESTS)
    (args.make / "theirs.json").write_text(suite.model_dump_json())
    skill = upskill_skill(args.make)
    skill.save(args.make / "their-skill" / skill.name)
    (args.make / "list.json").write_text(json.dumps([case.model_dump(mode="json") for case in suite.cases]))
else:
    upskill = models(args.compare)
    wanted = upskill.TestCaseSuite(cases=TESTS).cases
    verdict = Verdict()
    for name in ("ours.json", "ours-list.json"):
        found = upskill.TestCaseSuite.model_validate_json((args.compare / name).read_text()).cases
        for ours, theirs in zip(found, wanted, strict=True):
            plain = lambda case: (case.input, (case.context and case.context.files) or None, case.expected.contains)
            good = plain(ours) == plain(theirs)
            verdict.check(good, f"{name}: {plain(ours)} is not {plain(theirs)}")
    for what, good in generated(args.compare, upskill):
        verdict.check(good, f"generated: {what} is not as upskill has it")
    sys.exit(verdict.finish())
