"""The graders and statistics of train.py, in real Python, against the verdicts and figures of the page.

    check_graders.py --cases e2e/fixtures/graders/cases.json [--statistics FIGURES.json]

FIGURES.json: [{"counts": {both, fixed, broken, neither}, "wilson", "newcombe", "midP"}], to 1e-9.
Ends with "N passed, N failed".
"""
import argparse
import json
import sys
from pathlib import Path

from verdict import Verdict

PARTS = Path(__file__).resolve().parents[2] / "src" / "export" / "python"


def parts(*names):
    """As the script has them: one after another in one module."""
    space = {}
    for name in names:
        exec(compile((PARTS / f"{name}.py").read_text("utf-8"), f"{name}.py", "exec"), space)
    return space


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--statistics")
    args = parser.parse_args()
    space = parts("pattern", "graders", "statistics", "order")
    verdict = Verdict()
    check = verdict.check
    for case in json.loads(Path(args.cases).read_text("utf-8")):
        try:
            passes, score = space["grade"](case["output"], case["check"])
        except Exception as error:  # a grader that throws would end a run
            passes, score = repr(error), -1
        check(passes is case["pass"] and abs(score - case["score"]) < 1e-12,
              f"{str(case['check'])[:120]} on {case['output'][:80]!r}: ours {case['pass']} {case['score']}, Python {passes} {score}")

    close = lambda a, b: abs(a - b) <= 1e-9
    for one in json.loads(Path(args.statistics).read_text("utf-8")) if args.statistics else []:
        counts = one["counts"]
        n, after = sum(counts.values()), counts["both"] + counts["fixed"]
        for name, got in (("wilson", space["wilson"](after, n)), ("newcombe", space["newcombe_paired"](**counts))):
            check(all(close(got[end], one[name][end]) for end in ("low", "high")), f"{name} of {counts}: {one[name]} {got}")
        got = space["mcnemar_mid_p"](counts["fixed"], counts["broken"])
        check(close(got, one["midP"]), f"mid-p of {counts}: ours {one['midP']}, Python {got}")
    return verdict.finish()


if __name__ == "__main__":
    sys.exit(main())
