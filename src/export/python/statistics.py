"""The statistics of src/eval/statistics.ts: Wilson's interval, Newcombe's for pairs (method 10), McNemar's mid-p."""
import math

Z = 1.959963984540054
MIN_CASES = 20


def wilson(passed, n, z=Z):
    if n == 0:
        return {"low": 0.0, "high": 1.0}
    rate = passed / n
    centre = rate + z * z / (2 * n)
    reach = z * math.sqrt((rate * (1 - rate) + z * z / (4 * n)) / n)
    scale = 1 + z * z / n
    low = 0.0 if passed == 0 else (centre - reach) / scale
    return {"low": low, "high": 1.0 if passed == n else (centre + reach) / scale}


def newcombe_paired(both, fixed, broken, neither, z=Z):
    """Of rate after minus rate before."""
    n = both + fixed + broken + neither
    if n == 0:
        return {"low": -1.0, "high": 1.0}
    after, before, difference = (both + fixed) / n, (both + broken) / n, (fixed - broken) / n
    a, b = wilson(both + fixed, n, z), wilson(both + broken, n, z)
    margins = (both + fixed) * (broken + neither) * (both + broken) * (fixed + neither)
    cross = both * neither - fixed * broken
    phi = 0.0 if margins == 0 else (max(0.0, cross - n / 2) if cross > 0 else cross) / math.sqrt(margins)
    reach = lambda x, y: math.sqrt(max(0.0, x * x - 2 * phi * x * y + y * y))
    low = difference - reach(after - a["low"], b["high"] - before)
    return {"low": max(-1.0, low), "high": min(1.0, difference + reach(a["high"] - after, before - b["low"]))}


def mcnemar_mid_p(fixed, broken):
    n, fewer = fixed + broken, min(fixed, broken)
    if fixed == broken:
        return 1.0
    below = sum(math.comb(n, k) for k in range(fewer))
    return min(1.0, (2 * below + math.comb(n, fewer)) / 2**n)


def compare_arms(cases):
    """Cases with "basePassed" and "tunedPassed" → the figures of src/eval/report.ts."""
    n = len(cases)
    count = lambda base, tuned: sum(one["basePassed"] is base and one["tunedPassed"] is tuned for one in cases)
    both, fixed, broken, neither = count(True, True), count(False, True), count(True, False), count(False, False)
    interval = newcombe_paired(both, fixed, broken, neither)
    arm = lambda passed: {"passed": passed, "rate": passed / n if n else 0.0, "interval": wilson(passed, n)}
    verdict = "too-few" if n < MIN_CASES else "better" if interval["low"] > 0 else "worse" if interval["high"] < 0 else "inconclusive"
    return {
        "n": n,
        "base": arm(both + broken),
        "tuned": arm(both + fixed),
        "difference": (fixed - broken) / n if n else 0.0,
        "differenceInterval": interval,
        "pValue": mcnemar_mid_p(fixed, broken),
        "verdict": verdict,
        "fixed": fixed,
        "broken": broken,
        "sentence": sentence(n, both, fixed, broken, interval, verdict),
    }


def points(share):
    rounded = math.floor(share * 100 + 0.5)
    return "0" if rounded == 0 else f"+{rounded}" if rounded > 0 else f"\u2212{-rounded}"


def sentence(n, both, fixed, broken, interval, verdict):
    counts = f"{both + fixed} of {n} right, {both + broken} before ({fixed} fixed, {broken} broken)"
    range_ = f"95 % interval {points(interval['low'])} to {points(interval['high'])}"
    gain = points((fixed - broken) / n) if n else "0"
    if verdict == "too-few":
        return f"Too few cases for a verdict: {counts}; at least {MIN_CASES} are needed."
    if verdict == "inconclusive":
        return f"Inconclusive: {counts}; the difference of {gain} points could be chance ({range_})."
    what = "Better" if verdict == "better" else "Worse"
    return f"{what}: {counts}, a {'gain' if verdict == 'better' else 'change'} of {gain} points ({range_})."
