"""Text as JavaScript sees it, and patterns by RE2, the engine that the page has, too: no pattern can hang."""
import functools
import re

SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
MOST_TEXT = 100_000


def units(text):
    """One character for each UTF-16 unit, as JavaScript counts and matches them."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    pairs = lambda c: chr(0xD7C0 + (ord(c) >> 10)) + chr(0xDC00 + (ord(c) & 0x3FF))
    return re.sub("[\U00010000-\U0010ffff]", lambda found: pairs(found[0]), text)


def characters(text):
    """Pairs of UTF-16 units as one character again; halves without their other one are U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@functools.cache
def compiled(pattern, flags):
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(characters(f"(?{flags}){pattern}" if flags else pattern), options)
    except re2.error:
        return None


def matches(text, pattern, flags=""):
    """Somewhere in the first 100,000 UTF-16 units? None: RE2 has no such pattern."""
    found = compiled(pattern, re.sub("[^ims]", "", flags))
    return None if found is None else found.search(characters(units(text)[:MOST_TEXT])) is not None
