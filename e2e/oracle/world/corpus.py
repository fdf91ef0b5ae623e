"""Write pretraining rows as JSONL for `burnish train`: the same stream of documents, cut as pretrain.py cuts it.

    python corpus.py --rows 82016 --out corpus.jsonl [--seed 7]

A row begins with a document and is filled up with more of them until it has 128 tokens; its surplus is cut by the
recipe's `data.maxLength`.
"""
import argparse
import itertools
import json
import pathlib

from transformers import AutoTokenizer

import world

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parents[2] / "public" / "models" / "ember"
ROW = 128


def rows(tokenizer, seed):
    """Texts of at least ROW tokens, endless."""
    stream = world.documents(seed)
    while True:
        chunk = [document + tokenizer.eos_token for document in itertools.islice(stream, 2000)]
        text, tokens = "", 0
        for document, ids in zip(chunk, tokenizer(chunk)["input_ids"]):
            text, tokens = text + document, tokens + len(ids)
            if tokens >= ROW:
                yield text
                text, tokens = "", 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    texts = itertools.islice(rows(AutoTokenizer.from_pretrained(MODEL), args.seed), args.rows)
    with open(args.out, "w", encoding="utf-8") as file:
        for text in texts:
            file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
