"""JavaScript's white space, UTF-16 units and regular expressions, spelt out in Python."""
import re

SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


def units(text):
    """One character for each UTF-16 unit, as JavaScript counts and matches them."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    pairs = lambda c: chr(0xD7C0 + (ord(c) >> 10)) + chr(0xDC00 + (ord(c) & 0x3FF))
    return re.sub("[\U00010000-\U0010ffff]", lambda found: pairs(found[0]), text)


SPACE_CLASS = re.escape(SPACE)
CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": SPACE_CLASS}
NEWLINE = r"\n\r\u2028\u2029"
CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "f": "\f", "0": "\0"}


class NoPattern(Exception):
    """Not a regular expression of JavaScript, or one that Python cannot match alike."""


def js_pattern(pattern, flags=""):
    """A JavaScript pattern (flags i, m, s; neither u nor v) as a compiled one of Python over UTF-16 units."""
    source, out, at, names = units(pattern), [], 0, []
    ascii_only = source.isascii() and not re.search(r"\\u(?!00[0-7])|\\x[89a-fA-F]", source)
    if re.search("[^dgimsy]", flags) or len(set(flags)) < len(flags):
        raise NoPattern(f"flags {flags}")
    multi, dot_all = "m" in flags, "s" in flags
    groups = len(re.findall(r"\((?!\?)|\(\?<(?![=!])", re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", source, flags=re.S)))
    named = "(?<" in re.sub(r"\(\?<[=!]", "", source)

    def escape(inside):
        """The text of one escape, its backslash at `at`; returns the text and what follows it."""
        letter = source[at + 1] if at + 1 < len(source) else None
        if letter is None:
            raise NoPattern("ends in a backslash")
        if letter in CLASSES:
            return (CLASSES[letter] if inside else f"[{CLASSES[letter]}]"), at + 2
        if letter.lower() in CLASSES:
            if inside:
                return {"D": "\\x00-/:-\uffff", "W": "\\x00-/:-@\\[-\\^`{-\uffff", "S": not_space()}[letter], at + 2
            return f"[^{CLASSES[letter.lower()]}]", at + 2
        coded = re.match(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|c([A-Za-z])", source[at + 1 :])
        if coded:
            code = int(coded[1] or coded[2], 16) if not coded[3] else ord(coded[3]) % 32
            return re.escape(chr(code)), at + 1 + coded.end()
        if letter == "b" and inside:
            return r"\x08", at + 2
        if letter in "bB" and not inside:
            word, no = "[A-Za-z0-9_]", "(?!" if letter == "B" else "(?:"
            return f"{no}(?<!{word})(?={word})|(?<={word})(?!{word}))", at + 2
        if letter in "123456789" and not inside:
            digits = re.match(r"[0-9]+", source[at + 1 :])[0]
            if int(digits) > groups:
                raise NoPattern("octal")
            # A group that took no part matches nothing here, the empty text in JavaScript.
            return f"(?(" + digits + f")(?:\\{digits})|)", at + 1 + len(digits)
        if letter == "k" and not inside and named:
            name = re.match(r"k<(\w+)>", source[at + 1 :])
            if not name or f"(?<{name[1]}>" not in source:
                raise NoPattern("no such group")
            return f"(?({name[1]})(?P={name[1]})|)", at + 1 + name.end()
        if letter in "0123456789":
            if letter != "0" or re.match("[0-9]", source[at + 2 :] or " "):
                raise NoPattern("octal")
            return r"\x00", at + 2
        return re.escape(CONTROLS.get(letter, letter)), at + 2

    quantifiable = False
    while at < len(source):
        one = source[at]
        if one == "\\":
            text, at = escape(False)
            quantifiable = not text.startswith(("(?:(?<!", "(?!(?<!"))
        elif one == "[":
            body, at = [], at + 1
            negated = source[at : at + 1] == "^"
            at += negated
            while at < len(source) and source[at] != "]":
                if source[at] == "\\":
                    piece, at = escape(True)
                else:
                    piece, at = ("-" if source[at] == "-" else re.escape(source[at])), at + 1
                body.append(piece)
            if at >= len(source):
                raise NoPattern("class without end")
            at += 1
            inner = literal_dashes(body)
            text = f"[{'^' if negated else ''}{inner}]" if inner else ("(?s:.)" if negated else "(?!)")
            quantifiable = True
        elif one == "(":
            head = re.match(r"\(\?(?:[:=!]|<[=!]|<([A-Za-z_$][\w$]*)>)", source[at:], re.ASCII)
            if head:
                text = f"(?P<{head[1]}>" if head[1] else head[0]
                if head[1] in names:
                    raise NoPattern("a name twice")
                names.extend([head[1]] if head[1] else [])
                at += head.end()
            elif source[at + 1 : at + 2] == "?":
                raise NoPattern("an unknown group")
            else:
                text, at = "(", at + 1
            quantifiable = False
        elif one in "*+?{":
            found = re.match(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??", source[at:], re.ASCII)
            if found and not quantifiable:
                raise NoPattern("nothing to repeat")
            text, at = (found[0], at + found.end()) if found else (r"\{", at + 1)
            quantifiable = not found
        else:
            at += 1
            quantifiable = one not in "^|"
            if one == ".":
                text = "(?s:.)" if dot_all else f"[^{NEWLINE}]"
            elif one == "^":
                text = f"(?:\\A|(?<=[{NEWLINE}]))" if multi else r"\A"
            elif one == "$":
                text, quantifiable = (f"(?=[{NEWLINE}]|\\Z)" if multi else r"\Z"), False
            elif one in ")|":
                text = one
            else:
                text = re.escape(one)
        out.append(text)
    whole = "".join(out)
    try:
        # Among ASCII only, as JavaScript without u: a K that is no k and an ſ that is no s.
        return re.compile(whole, (re.ASCII if ascii_only else 0) | (re.IGNORECASE if "i" in flags else 0))
    except (re.error, RecursionError, OverflowError) as error:
        raise NoPattern(str(error)) from error


def not_space():
    """What \\S is inside a class: the gaps between the spaces."""
    codes, start, gaps = sorted(map(ord, SPACE)), 0, []
    for code in [*codes, 0x10000]:
        if code > start:
            gaps.append(f"{re.escape(chr(start))}-{re.escape(chr(code - 1))}")
        start = code + 1
    return "".join(gaps)


def literal_dashes(body):
    """A dash is a range between two characters, and itself anywhere else: also beside \\d and its like."""
    out, last = [], len(body) - 1
    for place, piece in enumerate(body):
        if piece != "-":
            out.append(piece)
            continue
        single = lambda text: len(text) == 1 or (text[0] == "\\" and (len(text) == 2 or re.fullmatch(r"\\x..", text)))
        between = 0 < place < last and single(body[place - 1]) and single(body[place + 1])
        joined = place > 1 and out[-2:-1] == ["-"]
        out.append("-" if between and not joined else r"\-")
    return "".join(out)
