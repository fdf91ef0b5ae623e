"""A tiny template expander: `[a|b]` picks one alternative, `{name}` is filled from a dict."""
import re

_CHOICE = re.compile(r"\[([^\[\]]*)\]")


def expand(rng, template, slots=None):
    """Resolve the choices from the innermost outwards, then fill the slots."""
    while (match := _CHOICE.search(template)) is not None:
        template = template[:match.start()] + rng.choice(match.group(1).split("|")) + template[match.end():]
    if slots:
        template = template.format(**slots)
    template = re.sub(r" {2,}", " ", template).strip(" ")
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", template)


def sentence(text):
    """Capitalise the first letter."""
    return text[:1].upper() + text[1:]
