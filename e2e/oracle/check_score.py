"""Judge of `burnish score`: NLL and labelled tokens per row, as TRL prepares the rows and transformers computes them.

    check_score.py --model DIR --data FILE.jsonl [--adapter DIR] [--max-length 256] [--loss auto]
                   [--compare OURS.jsonl] [--tolerance 1e-3]

Prints {"row", "nll", "tokens"} lines (row counts from 0; a row that TRL drops has tokens 0). With --compare it prints
only the failures and `N passed, N failed`; the exit status is 1 if any row differs.
"""
import argparse
import json
import sys

import common


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--adapter")
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--loss", choices=["auto", "completion", "assistant", "all"], default="auto")
    parser.add_argument("--compare", help="JSON lines of `burnish score`; lines without \"row\" are ignored")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="of |difference| / max(1, nll)")
    args = parser.parse_args()

    rows = common.read_jsonl(args.data)
    prepared = common.prepare_rows(common.load_tokenizer(args.model), rows, args.max_length, args.loss)
    model = common.load_model(args.model)
    if args.adapter:
        model = common.load_adapter(model, args.adapter)
    lines = common.score(model, prepared, len(rows))
    if not args.compare:
        for line in lines:
            print(json.dumps(line))
        return 0
    verdict = common.Verdict()
    common.compare_scores(verdict, common.read_jsonl(args.compare), lines, args.tolerance)
    return verdict.finish()


if __name__ == "__main__":
    sys.exit(main())
