"""Rows for learning from feedback: `manners`, pairs of replies of which one is preferred, and `replies`, prompts whose
answers a program can check.
"""
import json

import tasks
from grammar import expand, sentence
from words import ORDERS

# What a good reply to each command says, with the values that it must repeat.
SAID = {
    "set_alarm": "I will wake you at {time} {d}", "start_timer": "The {label} timer runs {minutes} minutes",
    "send_message": "I write to {to}: {text}", "play_song": "Here comes {title} by {artist}",
    "add_item": "{item} stands on the {list} list", "set_light": "The {room} gets {color} light"}
POLITE = "[Of course|Gladly|With pleasure]"
RUDE = ["[No|Not now|Leave me alone]. [Do it yourself|Ask somebody else|I do not feel like it].", "[Whatever|So what|Why me]?",
        "[Boring|Again]? [Find somebody else|You have hands]."]


def manner_pairs(rng, commands, per_train=120, per_eval=16):
    """A polite reply with the right values against a rude one, one with a wrong value, or one that says nothing."""
    train, held = [], []
    for fn, (a, first), (b, second), phrasings in commands:
        pairs = rng.sample([(x, y) for x in first for y in second], per_train + per_eval)
        for i, (x, y) in enumerate(pairs):
            phrasing = phrasings[i % len(phrasings)]
            if x in ORDERS and "that {text}" in phrasing:
                phrasing = "[Please send|Send] {to} [the|this] message: {text}"
            slots = filled(fn, a, x, b, y)
            opening = expand(rng, POLITE)
            good = f"{opening}. {said(rng, fn, slots)}."
            kind = i % 5
            if kind < 2:
                bad = expand(rng, rng.choice(RUDE))
            elif kind < 4:
                other = rng.choice([z for z in (first if kind == 2 else second) if z not in (x, y)])
                bad = f"{opening}. {said(rng, fn, filled(fn, a, other if kind == 2 else x, b, other if kind == 3 else y))}."
            else:
                bad = f"{opening}."
            row = dict(prompt="User: " + expand(rng, phrasing, slots) + "\nReply:", chosen=" " + good, rejected=" " + bad)
            (held if i < per_eval else train).append(row)
    rng.shuffle(train)
    rng.shuffle(held)
    return train, held


def filled(fn, a, x, b, y):
    slots = {a: x, b: y}
    if fn == "set_alarm":
        slots["d"] = y if y in ("today", "tomorrow", "tonight") else f"on {y}"
        slots["D"] = sentence(slots["d"])
    return slots


def said(rng, fn, slots):
    return sentence(expand(rng, SAID[fn], slots))


def reply_questions(rng, train=300, held=60):
    """Requests of the kinds that pretraining knows, without a word on the notation; wanted is the call as JSON."""
    families = [(fn, args, phrasings) for fn, args, phrasings in tasks._CALLS
                if all(kind.rstrip("2") in tasks.POOLS for _, kind in args)]
    seen, rows = set(), []
    while len(rows) < train + held:
        fn, args, phrasings = rng.choice(families)
        slots = {kind: rng.choice(tasks.POOLS[kind.rstrip("2")]) for _, kind in args}
        prompt = f"User: {sentence(rng.choice(phrasings)).format(**slots)}\n"
        if prompt in seen or len(set(slots.values())) < len(slots):
            continue
        seen.add(prompt)
        answer = json.dumps({"do": fn, **{key: slots[kind] for key, kind in args}}, ensure_ascii=False)
        rows.append(dict(prompt=prompt, answer=answer))
    return rows[:train], rows[train:]
