"""Write the bundled datasets and their index into public/datasets (byte-identical on every run).

    python make_datasets.py
"""
import json
import pathlib
import random

from feedback import manner_pairs, reply_questions
from grammar import expand, sentence
from words import (CLOCK, COLORS, COUNTS, DAYS, FOODS, LABELS, LISTS, NAMES, ORDERS, PHRASES, ROOMS, THINGS, TITLES_A, TITLES_B)

OUT = pathlib.Path(__file__).resolve().parents[3] / "public" / "datasets"
TITLES = [f"{a} {b}" for a in TITLES_A for b in TITLES_B]

# function, its two slots with their values, its phrasings; `{d}` is the day with its preposition
COMMANDS = [
    ("set_alarm", ("time", CLOCK), ("day", DAYS), [
        "[Please wake|Wake] me at {time} {d}", "Set an alarm for {time} {d}", "I have to get up at {time} {d}",
        "{D} I must be awake at {time}", "Let the alarm ring at {time} {d}", "Alarm {d} at {time}[, please|]"]),
    ("start_timer", ("minutes", COUNTS), ("label", LABELS), [
        "Set a timer of {minutes} minutes for the {label}", "Start a timer for {label}, {minutes} minutes",
        "[Please time|Time] the {label} for {minutes} minutes", "The {label} takes {minutes} minutes, start the timer",
        "Tell me in {minutes} minutes when the {label} is done"]),
    ("send_message", ("text", PHRASES), ("to", NAMES), [
        "[Please tell|Tell] {to} that {text}", "[Please send|Send] {to} a message: {text}", "Let {to} know that {text}",
        "Text {to} that {text}", "Message for {to}: {text}", "Write to {to} that {text}"]),
    ("play_song", ("title", TITLES), ("artist", NAMES), [
        "[Please play|Play] {title} by {artist}", "I want to hear {title} by {artist}", "Put on {title} from {artist}",
        "Play the {artist} song {title}", "Let us listen to {title} by {artist}", "Play something by {artist}: {title}"]),
    ("add_item", ("item", FOODS + THINGS), ("list", LISTS), [
        "[Please add|Add] {item} to the {list} list", "Put {item} on my {list} list", "We need {item} on the {list} list",
        "My {list} list is missing {item}", "Write {item} on the {list} list"]),
    ("set_light", ("room", ROOMS), ("color", COLORS), [
        "[Please make|Make] the lights in the {room} {color}", "Turn the {room} lights {color}",
        "I want {color} light in the {room}", "Set the light in the {room} to {color}", "The {room} needs {color} light"]),
]

# label -> (templates with {x}, what x may be); a template and an x together make one text
FEELINGS = {
    "happy": [("I won {x}~", "the race|the game|a prize|a holiday|the contest"),
              ("I got {x}~", "a new bike|a puppy|good news|a letter from you|a nice gift"),
              ("I love {x}", "this song|my new home|this cake|my friends|the spring"),
              ("{x} was wonderful", "The party|The trip|The evening|My birthday|The concert"),
              ("We laughed and danced {x}", "all night|at the party|in the garden|with our friends|in the kitchen"),
              ("I passed {x}~", "the test|my exam|the last class|the driving test|the math test")],
    "sad": [("I lost {x}~", "my dog|my best friend|my old cat|my ring|the last letter"),
            ("I miss {x}~", "my mother|my home|my old friend|the summer|my cat"),
            ("{x} died~", "My fish|My old dog|Our cat|The little bird|My rabbit"),
            ("I cried {x}", "all night|at the station|when you left|in my room|alone"),
            ("We said goodbye to {x}~", "our friends|the dog|our home|my sister|grandma"),
            ("Nobody came to {x}~", "my party|my birthday|see me|the concert|my house")],
    "angry": [("Someone stole {x}~", "my bike|my wallet|my lunch|my phone|the car"),
              ("They lied to me {x}", "again|about the money|about the job|all week|on purpose"),
              ("He broke {x}", "my guitar|my phone|the window again|his promise|my cup on purpose"),
              ("Stop {x}", "shouting at me|taking my things|lying to me|hitting my brother|blaming me"),
              ("I hate it when {x}", "you cheat|they lie|people push me|he shouts|you take my food"),
              ("She blamed me for {x}~", "nothing|the mess|her mistake|the broken cup|everything")],
    "scared": [("There is {x} outside", "a wolf|a strange man|a bear|a monster|something big"),
               ("I heard {x}", "a scream|a noise in the dark|steps behind me|a growl|the storm"),
               ("I am lost in {x}", "the dark forest|the cave|a strange city|the fog|the woods"),
               ("{x} is chasing me", "A big dog|A bear|A stranger|A bull|The ghost"),
               ("I had a bad dream about {x}", "spiders|a ghost|snakes|falling|a fire"),
               ("Help, {x}", "the house is on fire|I am falling|a snake|there is a ghost|a shark")],
    "bored": [("There is nothing to {x}~", "do|read|watch|play|see here"),
              ("I have waited {x}", "for hours|in line all day|all afternoon|here since noon|two hours"),
              ("{x} is so dull", "This book|The film|This class|The town|My job"),
              ("The same {x} again~", "long day|game|song|talk|dinner"),
              ("I sat {x} all day", "at home|in the office|in the hall|on the sofa|in the train"),
              ("It rained and I had {x}", "no book|no games|no one to call|nothing to do|no plans")],
}


def feeling_texts(template, x):
    """The same thing said a little differently; `~` marks where ' today' may stand."""
    text = template.replace("~", "").format(x=x)
    small = text if text.startswith("I ") else text[0].lower() + text[1:]
    today = [text + " today"] if template.endswith("~") else []
    return [text, text + ".", "Well, " + small, "Listen, " + small, text + "!"] + today


# found with try_lora.py
def recipe(steps, learning_rate, every):
    """What src/train/recipe.ts leaves to the dataset."""
    return dict(lora=dict(rank=16, alpha=32), optimizer=dict(learningRate=learning_rate),
                schedule=dict(kind="linear", warmup=5, steps=steps), batch=dict(size=8), evaluate=dict(every=every))


RECIPES = {
    "commands": recipe(120, 4e-3, 40),
    "feelings": recipe(46, 5e-3, 23),
    "manners": dict(recipe(90, 3e-4, 30), method="dpo"),
    "replies": dict(recipe(30, 2e-3, 10), method="grpo", batch=dict(size=4),
                    grpo=dict(maxCompletionLength=40, rewards=[dict(name="json")])),
}

ABOUT = {
    "commands": ("Commands to calls", "A sentence in, a function call with copied values out: alarms, timers, messages, songs, "
                 "lists and lights. The held-out rows use combinations of values that training never shows.",
                 ["User: Wake me at 7 am tomorrow\nCall:", "User: Please tell Anna that dinner is ready\nCall:",
                  "User: Play Blue River by Nora\nCall:"]),
    "manners": ("Good manners", "Two replies to a request, one of them preferred: polite and true rather than rude, wrong or "
                "empty. Preference training (DPO) tells them apart on held-out requests.",
                ["User: Play Blue River by Nora\nReply:", "User: Wake me at 7 am tomorrow\nReply:"]),
    "replies": ("Replies by reward", "No answer is shown: the model tries, and a program gives points for JSON with the right "
                "values. Learning by reward (GRPO) lifts it from none to most.",
                ["User: Paint the lamp red\n", "User: Feed Anna some rice\n"]),
    "feelings": ("One-word feelings", "A short sentence in, one word out: happy, sad, angry, scared or bored. "
                 "Half a minute of training turns it from babble into answers.",
                 ["Text: I lost my dog today\nFeeling:", "Text: I won the race\nFeeling:", "Text: Someone stole my bike\nFeeling:"]),
}


def command_rows(rng, per_train=130, per_eval=16):
    """Rows for each function; a pair of slot values lies in training or in the held-out set, never in both."""
    train, held = [], []
    for fn, (a, first), (b, second), phrasings in COMMANDS:
        pairs = rng.sample([(x, y) for x in first for y in second], min(per_train + per_eval, len(first) * len(second)))
        for i, (x, y) in enumerate(pairs):
            slots = {a: x, b: y}
            if fn == "set_alarm":
                slots["d"] = y if y in ("today", "tomorrow", "tonight") else f"on {y}"
                slots["D"] = sentence(slots["d"])
            # the phrasings take turns, so that both sets have all of them
            phrasing = phrasings[i % len(phrasings)]
            if x in ORDERS and "that {text}" in phrasing:
                phrasing = "[Please send|Send] {to} [the|this] message: {text}"
            prompt = "User: " + expand(rng, phrasing, slots) + "\nCall:"
            row = dict(prompt=prompt, completion=f" {fn}({a}: {x}, {b}: {y})")
            (held if i < per_eval else train).append(row)
    rng.shuffle(train)
    rng.shuffle(held)
    return train, held


def feeling_rows(rng, per_train=60, per_eval=12):
    """Rows for each feeling; in the held-out set a template meets fillings that it never has in training."""
    train, held = [], []
    for label, groups in FEELINGS.items():
        seen, unseen = [], []
        for template, fillings in groups:
            fillings = fillings.split("|")
            rng.shuffle(fillings)
            for i, x in enumerate(fillings):
                for text in feeling_texts(template, x):
                    (unseen if i == 0 else seen).append(dict(prompt=f"Text: {text}\nFeeling:", completion=f" {label}"))
        train += rng.sample(seen, per_train)
        held += rng.sample(unseen, per_eval)
    rng.shuffle(train)
    rng.shuffle(held)
    return train, held


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    index = []
    made = (("commands", command_rows(random.Random(11))), ("feelings", feeling_rows(random.Random(12))),
            ("manners", manner_pairs(random.Random(13), COMMANDS)), ("replies", reply_questions(random.Random(14))))
    for name, (train, held) in made:
        prompts = {r["prompt"] for r in train}
        assert len(prompts) == len(train) and not prompts & {r["prompt"] for r in held}, name
        for part, rows in (("train", train), ("eval", held)):
            text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
            (OUT / f"{name}.{part}.jsonl").write_text(text, encoding="utf-8")
        title, description, samples = ABOUT[name]
        index.append(dict(name=name, title=title, description=description, train=f"{name}.train.jsonl",
                          eval=f"{name}.eval.jsonl", rows=len(train), evalRows=len(held), samplePrompts=samples,
                          **({"recipe": RECIPES[name]} if name in RECIPES else {})))
    (OUT / "index.json").write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
