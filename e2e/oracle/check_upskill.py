"""Judge of suites in upskill's format: what Burnish writes is what upskill's own pydantic models accept, and the reverse.

    check_upskill.py --fetch FOLDER               upskill's package, unpacked; its Python may be newer than this one
    check_upskill.py --make FOLDER                tests written by upskill's own models
    check_upskill.py --compare FOLDER             FOLDER/ours.json under those models, case by case
"""
import argparse
import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

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
    (args.make / "list.json").write_text(json.dumps([case.model_dump(mode="json") for case in suite.cases]))
else:
    upskill = models(args.compare)
    wanted = upskill.TestCaseSuite(cases=TESTS).cases
    passed = failed = 0
    for name in ("ours.json", "ours-list.json"):
        found = upskill.TestCaseSuite.model_validate_json((args.compare / name).read_text()).cases
        for ours, theirs in zip(found, wanted, strict=True):
            plain = lambda case: (case.input, (case.context and case.context.files) or None, case.expected.contains)
            good = plain(ours) == plain(theirs)
            passed, failed = passed + good, failed + (not good)
            if not good:
                print(f"{name}: {plain(ours)} is not {plain(theirs)}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)
