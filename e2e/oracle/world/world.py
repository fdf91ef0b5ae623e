"""Ember's text world: `documents(seed)` yields an endless, seeded stream of short documents."""
import random
import sys

import stories
import tasks

MIXTURE = [(stories.story, 20), (stories.diary, 12), (stories.fact, 6), (stories.reading, 10), (tasks.call, 24), (tasks.free_call, 20),
           (tasks.echo, 14), (tasks.pick, 5), (tasks.fields, 9), (tasks.sort_word, 3), (tasks.news, 4), (tasks.talk, 6)]


def documents(seed):
    """An endless stream of documents; the same seed gives the same text."""
    rng = random.Random(seed)
    makers, weights = zip(*MIXTURE)
    while True:
        yield rng.choices(makers, weights)[0](rng)


if __name__ == "__main__":
    stream = documents(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 40):
        print(next(stream), end="\n---\n")
