"""Which rows are held out and in which order the others come, as in the page: src/util/random.ts, src/data/{split,pack}.ts."""
import itertools
import json
import re
import unicodedata

WORD = 0xFFFFFFFF


def multiply(a, b):
    return (a * b) & WORD


def random_words(seed, stream):
    """xoshiro128**, seeded through splitmix32: unsigned 32-bit integers without end."""
    mix, state = (seed ^ multiply(stream, 0x85EBCA6B)) & WORD, []
    for _ in range(4):
        mix = (mix + 0x9E3779B9) & WORD
        z = multiply(mix ^ (mix >> 16), 0x21F0AAAD)
        z = multiply(z ^ (z >> 15), 0x735A2D97)
        state.append(z ^ (z >> 15))
    a, b, c, d = state
    d ^= stream
    while True:
        scaled = multiply(b, 5)
        yield multiply(((scaled << 7) | (scaled >> 25)) & WORD, 9)
        shifted = (b << 9) & WORD
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = ((d << 11) | (d >> 21)) & WORD


def shuffled(count, seed, stream):
    words, order = random_words(seed & WORD, stream), list(range(count))
    for i in range(count - 1, 0, -1):
        bound = i + 1
        limit = 2**32 - 2**32 % bound
        j = next(word for word in words if word < limit) % bound
        order[i], order[j] = order[j], order[i]
    return order


def batches(count, size, seed, total):
    """Row indices of the first `total` batches; the last batch of an epoch may be smaller."""

    def endless():
        for epoch in itertools.count(1):
            order = shuffled(count, seed, epoch)
            yield from (order[start : start + size] for start in range(0, count, size))

    return list(itertools.islice(endless(), total))


def hash_string(text):
    """cyrb53 over UTF-16 units."""
    data = text.encode("utf-16-le", "surrogatepass")
    h1, h2 = 0xDEADBEEF, 0x41C6CE57
    for i in range(0, len(data), 2):
        unit = data[i] | data[i + 1] << 8
        h1, h2 = multiply(h1 ^ unit, 2654435761), multiply(h2 ^ unit, 1597334677)
    h1 = multiply(h1 ^ (h1 >> 16), 2246822507) ^ multiply(h2 ^ (h2 >> 13), 3266489909)
    h2 = multiply(h2 ^ (h2 >> 16), 2246822507) ^ multiply(h1 ^ (h1 >> 13), 3266489909)
    return (h2 & 0x1FFFFF) << 32 | h1


def asked(row):
    """The question: messages before the first answer, a prompt, or a text."""
    if row.get("prompt") is not None:
        return row["prompt"]
    if row.get("messages") is None:
        return row.get("text") or ""
    roles = [message["role"] for message in row["messages"]]
    return row["messages"][: roles.index("assistant") if "assistant" in roles else len(roles)]


def held_out(row, share, seed):
    question = asked(row)
    if not isinstance(question, str):
        pairs = [[message["role"], message["content"]] for message in question]
        question = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
    spaces = "[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+"
    key = re.sub(spaces, " ", unicodedata.normalize("NFKC", question).lower()).strip(" ")
    return hash_string(f"{seed}\n{key}") / 2**53 < share
