"""Count the held-out rows whose text occurs word for word in 200,000 pretraining documents, and the calls that occur at all.

    python check_leaks.py
"""
import itertools
import json

import world
from make_datasets import OUT

held = {}
for name in ("commands", "feelings"):
    for line in open(OUT / f"{name}.eval.jsonl"):
        row = json.loads(line)
        held[row["prompt"].split(": ", 1)[1].rsplit("\n", 1)[0].rstrip(".!").removeprefix("Well, ").removeprefix("Listen, ")] = name
text = "\n".join(itertools.islice(world.documents(7), 200000))
found = [(name, request) for request, name in held.items() if request.lower() in text.lower()]
print(f"{len(found)} of {len(held)} held-out texts occur in pretraining text", found)
for word in ("set_alarm", "start_timer", "send_message", "play_song", "add_item", "set_light", "Feeling:"):
    print(word, text.count(word))
