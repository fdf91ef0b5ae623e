"""How a judge counts what it checks, and when two numbers are the same. Imports nothing heavy."""


class Verdict:
    """Counts checks, prints the failures (with `told` every check), and ends with the line that a caller reads."""

    def __init__(self, told=False):
        self.passed = self.failed = 0
        self.told = told

    def check(self, ok, message):
        self.passed += bool(ok)
        self.failed += not ok
        if self.told or not ok:
            # A message may quote text that the terminal's encoding does not know.
            print(f"{'ok  ' if ok else 'FAIL'} {message}".encode("ascii", "backslashreplace").decode())
        return bool(ok)

    def finish(self):
        """Prints `N passed, N failed`; the exit status. No check at all is a failure."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def close(ours, theirs, tolerance, floor=0.0):
    """|difference| within tolerance, relative to max(floor, |theirs|); false for anything that is not a number."""
    if isinstance(ours, bool) or not isinstance(ours, (int, float)):
        return False
    return abs(ours - theirs) <= tolerance * max(floor, abs(theirs))
