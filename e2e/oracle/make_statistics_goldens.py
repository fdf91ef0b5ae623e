"""Goldens of the statistics and of the text scores: what scipy, statsmodels, rouge-score and sacrebleu say.

    make_statistics_goldens.py [--check]      writes ../fixtures/statistics/golden.json, or compares it with what they say now
"""
import argparse
import json
import math
import random
import sys
from pathlib import Path

import numpy as np
import sacrebleu
from rouge_score import rouge_scorer
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

FILE = Path(__file__).resolve().parent.parent / "fixtures" / "statistics" / "golden.json"
TEXTS = [
    ("the cat sat on the mat", "the cat sat on the mat"),
    ("the cat is on the mat today", "the cat sat on the mat"),
    ("A quick brown fox jumps over the lazy dog.", "The quick brown fox jumped over a lazy dog!"),
    ("nothing in common", "wholly other words here"),
    ("It costs 1,234.50 dollars, doesn't it?", "It costs 1,234.50 dollars, does it not?"),
    ("one", "one"),
    ("the the the the the the the", "the cat is on the mat"),
    ("Turn on the lamp in the kitchen & hall (now)", "Turn the lamp on in the kitchen and the hall now"),
]


def mid_p(fixed, broken):
    few, n = min(fixed, broken), fixed + broken
    return 1.0 if n == 0 or fixed == broken else float(2 * stats.binom.cdf(few, n, 0.5) - stats.binom.pmf(few, n, 0.5))


def bootstrap_cases():
    rng = random.Random(5)
    samples = [[round(rng.gauss(0.2, 1), 4) for _ in range(25)], [round(rng.expovariate(1) - 0.5, 4) for _ in range(40)],
               [rng.choice([-1, 0, 0, 0, 1, 1]) for _ in range(60)]]
    for values in samples:
        found = stats.bootstrap((values,), np.mean, n_resamples=200_000, batch=5_000, method="BCa", random_state=np.random.default_rng(1))
        yield {"values": values, "low": float(found.confidence_interval.low), "high": float(found.confidence_interval.high)}


def everything():
    families = [[0.01, 0.04, 0.03, 0.005], [0.2, 0.2, 0.9], [0.5], [0.001, 0.049, 0.049, 0.049, 0.6]]
    return {
        "normal": [[x, float(stats.norm.cdf(x))] for x in (-6, -3.1, -1.96, -0.2, 0, 0.7, 2.5, 5)],
        "beta": [[x, a, b, float(stats.beta.cdf(x, a, b))] for x, a, b in
                 ((0.5, 0.5, 0.5), (0.5, 6.5, 0.5), (0.5, 2.5, 11.5), (0.1, 3, 7), (0.9, 30.5, 4.5), (0.5, 140.5, 120.5))],
        "wilson": [[k, n, *map(float, proportion_confint(k, n, 0.05, "wilson"))] for k, n in ((0, 7), (3, 10), (81, 263), (50, 164), (56, 164), (999, 1000))],
        "midP": [[f, b, mid_p(f, b)] for f, b in ((6, 0), (14, 8), (3, 1), (40, 22), (100, 160), (5, 5))],
        "holm": [[p, list(map(float, multipletests(p, method="holm")[1]))] for p in families],
        "passAtK": [[n, c, k, float(1 - math.comb(n - c, k) / math.comb(n, k)), float(math.comb(c, k) / math.comb(n, k))]
                    for n, c, k in ((10, 3, 1), (10, 3, 5), (200, 17, 100), (5, 0, 2), (5, 5, 5), (20, 19, 10))],
        "bca": list(bootstrap_cases()),
        "signFlip": [[values, float(stats.permutation_test((values, [0] * len(values)), lambda x, y: np.mean(x - y), permutation_type="samples",
                                                           n_resamples=np.inf, vectorized=False).pvalue)]
                     for values in ([0.3, 0.1, -0.2, 0.5, 0.4, 0.1], [1, 1, 1, -1, 1, 1, 1, -1, 1], [0.2, -0.2, 0.1])],
        "rouge": [[said, wanted, n, float(rouge_scorer.RougeScorer([f"rouge{n}"]).score(wanted, said)[f"rouge{n}"].fmeasure)]
                  for said, wanted in TEXTS for n in (1, 2, "L")],
        "bleu": [[said, wanted, sacrebleu.sentence_bleu(said, [wanted]).score / 100] for said, wanted in TEXTS],
    }


def differences(a, b, path=""):
    if isinstance(a, dict):
        return [line for key in a.keys() | b.keys() for line in differences(a.get(key), b.get(key), f"{path}.{key}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [line for i, (x, y) in enumerate(zip(a, b)) for line in differences(x, y, f"{path}[{i}]")]
    same = math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) if isinstance(a, (int, float)) and isinstance(b, (int, float)) else a == b
    return [] if same else [f"{path}: {a} is now {b}"]


parser = argparse.ArgumentParser()
parser.add_argument("--check", action="store_true")
made = everything()
if parser.parse_args().check:
    kept = json.loads(FILE.read_text())
    wrong = {key: differences(kept.get(key), json.loads(json.dumps(made[key])), key) for key in made}
    for lines in wrong.values():
        print(*lines[:5], sep="\n", end="\n" if lines else "")
    failed = sum(1 for lines in wrong.values() if lines)
    print(f"{len(wrong) - failed} passed, {failed} failed")
    sys.exit(failed > 0)
FILE.parent.mkdir(exist_ok=True)
FILE.write_text("{\n" + ",\n".join(f' {json.dumps(key)}: {json.dumps(value)}' for key, value in made.items()) + "\n}\n")
print("wrote", FILE)
