"""Instructions of many kinds that teach copying and short structured output.

None of them is a bundled task: no alarm, timer, message, song, list or light call, and no `Feeling:` line.
"""
import stories
from grammar import expand, sentence
from words import (ADJECTIVES, ANIMALS, CLOCK, COLORS, COUNTS, DAYS, FOODS, HOURS, JOBS, LABELS, LANGUAGES, LISTS, NAMES,
                   ORDERS, PHRASES, PLACES, ROOMS, STATEMENTS, SUBJECTS, THINGS, TITLES_A, TITLES_B, pseudo_word)

POOLS = dict(name=NAMES, animal=ANIMALS, food=FOODS, thing=THINGS, place=PLACES, room=ROOMS, color=COLORS, job=JOBS,
             subject=SUBJECTS, day=DAYS, clock=CLOCK, count=COUNTS, kind=LISTS, label=LABELS, phrase=PHRASES, statement=STATEMENTS, order=ORDERS,
             language=LANGUAGES, adj=ADJECTIVES, hour=HOURS)
ALL_WORDS = sorted({w for pool in (NAMES, ANIMALS, FOODS, THINGS, PLACES, ROOMS, COLORS, ADJECTIVES, JOBS, SUBJECTS, DAYS,
                                   LISTS, LABELS, LANGUAGES) for w in pool})


def value(rng, kind):
    """One value for a slot: mostly from its pool, at times a made-up word or a random phrase."""
    kind = kind.rstrip("2")
    if kind == "title":
        if rng.random() < 0.35:
            return " ".join(sentence(rng.choice(ALL_WORDS)) for _ in range(rng.randint(1, 3)))
        return rng.choice(TITLES_A) + " " + rng.choice(TITLES_B)
    if kind == "item":
        kind = rng.choice(["food", "thing"])
    if kind == "words":
        return " ".join(rng.choice(ALL_WORDS) for _ in range(rng.randint(2, 4)))
    if kind in ("phrase", "statement") and rng.random() < 0.5:
        return expand(rng, "[the {a}|my {a}|a {a}|your {a}|our {a}] [is|was|looks] [{b}|very {b}|in the {c}|{d}]",
                      dict(a=rng.choice(THINGS + ANIMALS), b=rng.choice(ADJECTIVES), c=rng.choice(ROOMS + PLACES),
                           d=rng.choice(COLORS)))
    if rng.random() < 0.12 and kind not in ("clock", "count", "day", "hour"):
        word = pseudo_word(rng)
        return sentence(word) if kind == "name" else word
    if rng.random() < 0.12 and kind in ("thing", "food", "animal"):
        return rng.choice(ADJECTIVES + COLORS) + " " + rng.choice(POOLS[kind])
    return rng.choice(POOLS[kind])


# Calls are written `paint(thing: lamp, color: red)`: a value follows a space, as it does in the request, so that it is
# the same tokens in both places and copying is plain copying.
# function(argument=slot, …) <- phrasings, separated by ';'
CALLS = """
book_table(place=place, people=count) <- book a table for {count} at the {place}; reserve {count} seats in the {place}; a table at the {place} for {count} people
buy_ticket(to=place, day=day) <- buy a ticket to the {place} for {day}; I need a ticket for {day} to the {place}; get me to the {place} {day}
feed_pet(name=name, food=food) <- feed {name} some {food}; give {food} to {name}; {name} is hungry, give {food}
paint(thing=thing, color=color) <- paint the {thing} {color}; make the {thing} {color}; I want a {color} {thing}; color the {thing} in {color}
note(text=statement) <- note that {statement}; write down {statement}; remember that {statement}
todo(text=order) <- write down {order}; make a note: {order}; remember: {order}
sign(text=phrase, place=place) <- put up a sign at the {place} that says {phrase}; write {phrase} on a sign in the {place}
send_parcel(to=name, item=thing) <- send a {thing} to {name}; mail {name} the {thing}; ship the {thing} to {name}
call_taxi(from=place, to=place2) <- I need a taxi from the {place} to the {place2}; get a cab to the {place2} from the {place}
find(item=thing, room=room) <- find the {thing} in the {room}; look for a {thing} in the {room}; search the {room} for my {thing}
lend(item=thing, to=name) <- lend {name} my {thing}; let {name} have the {thing}; {name} wants to borrow the {thing}
translate(word=words, language=language) <- how do you say {words} in {language}; translate {words} to {language}; say {words} in {language}
move(item=thing, from=room, to=room2) <- move the {thing} from the {room} to the {room2}; take the {thing} out of the {room} into the {room2}
hire(name=name, job=job) <- hire {name} as a {job}; make {name} the new {job}; we need a {job}, take {name}
rate(item=item, stars=count) <- give the {item} {count} stars; rate {item} with {count}; {count} points for the {item}
name_pet(animal=animal, name=name) <- call the {animal} {name}; name my {animal} {name}; {name} is a good name for the {animal}
cook(dish=food, for=name) <- cook {food} for {name}; make {name} some {food}; {name} would like {food}
draw(thing=animal, color=color) <- draw a {color} {animal}; I would like a picture of a {animal} in {color}
score(name=name, points=count) <- {name} has {count} points; give {name} {count} points; {count} more for {name}
meet(name=name, place=place, time=clock) <- meet {name} at the {place} at {clock}; at {clock} I meet {name} in the {place}
sell(item=item, price=count) <- sell the {item} for {count}; ask {count} for the {item}; the {item} costs {count}
lesson(subject=subject, day=day) <- plan a {subject} lesson for {day}; on {day} we learn {subject}; {day} is for {subject}
read_book(title=title, author=name) <- read {title} by {name}; I want the book {title} from {name}; open {name}'s book {title}
watch_film(title=title) <- show me the film {title}; I want to watch {title}; let us see {title}
clean_room(room=room, day=day) <- clean the {room} {day}; {day} the {room} must be swept; sweep the {room} on {day}
open_window(room=room) <- open the window in the {room}; it is hot in the {room}; let some air into the {room}
print_label(text=words, color=color) <- print a {color} label with {words}; make a label {words} in {color}
close_shop(time=clock, day=day) <- close the shop at {clock} on {day}; on {day} we close at {clock}; shut at {clock} {day}
bus(time=clock, to=place) <- the bus to the {place} goes at {clock}; take the {clock} bus to the {place}
bake(what=food, minutes=count) <- bake the {food} for {count} minutes; {count} minutes in the oven for the {food}
rest(minutes=count, room=room) <- rest for {count} minutes in the {room}; sleep {count} minutes in the {room}
share_plan(kind=kind, with=name) <- share the {kind} plan with {name}; show {name} the {kind} plan
pack(item=item, bag=color) <- put {item} in the {color} bag; pack the {item} into the {color} one; {item} goes in the {color} bag
tag(item=item, label=label) <- tag the {item} as {label}; mark {item} with {label}; put {label} on the {item}
ask(name=name, about=item) <- ask {name} about the {item}; {name} knows about {item}, ask; find out from {name} about {item}
vote(for=name, as=job) <- vote for {name} as {job}; {name} should be {job}
count(thing=animal, place=place) <- how many {animal}s are in the {place}; count every {animal} at the {place}
repeat(text=words, times=count) <- repeat {words} {count} times; say {words} again {count} times
invite(name=name, event=kind, day=day) <- invite {name} to the {kind} on {day}; {day} is the {kind}, ask {name} to come
"""
PREFIX = ["", "", "", "", "please ", "can you ", "could you ", "now ", "I want you to ", "hey, ", "ok, "]
SUFFIX = ["", "", "", "", " please", " now", ", thanks"]


NOT_VERBS = set("I we at on the a it how let {name} {day} {count} {item}".split())


def _parse_calls():
    out = []
    for line in CALLS.strip().splitlines():
        head, phrasings = line.split(" <- ")
        fn, args = head[:-1].split("(")
        out.append((fn, [a.split("=") for a in args.split(", ")], phrasings.split("; ")))
    return out


_CALLS = _parse_calls()


def write_call(fn, pairs, style):
    """The same call in one of several notations."""
    if style == "call":
        return f" {fn}(" + ", ".join(f"{k}: {v}" for k, v in pairs) + ")"
    if style == "lines":
        return f"\ndo: {fn}\n" + "\n".join(f"{k}: {v}" for k, v in pairs)
    return ' {"do": "' + fn + '", ' + ", ".join(f'"{k}": "{v}"' for k, v in pairs) + "}"


def style_of(rng):
    """Mostly calls, some key: value lines, a little JSON."""
    head, style = rng.choice([("Call:", "call")] * 8 + [("Record:", "lines"), ("JSON:", "json")])
    return head, style


def ask_text(rng, text):
    """Politeness around a request."""
    prefix = rng.choice(PREFIX)
    if text.split()[0] in NOT_VERBS and prefix not in ("", "hey, ", "ok, "):
        prefix = ""
    return sentence(prefix + text) + rng.choice(SUFFIX)


def call(rng):
    """A request and its call, from the fixed families."""
    fn, args, phrasings = rng.choice(_CALLS)
    slots = {s: value(rng, s) for _, s in args}
    head, style = style_of(rng)
    text = ask_text(rng, rng.choice(phrasings)).format(**slots)
    return f"User: {text}\n{head}" + write_call(fn, [(k, slots[s]) for k, s in args], style)


VERBS = """put take bring hide wash fix hang throw carry drop push pull lift check order wrap fold store test build
rent trade weigh measure copy stop start shake fill empty polish break save turn""".split()
PREPS = "in on under near behind from with for at by to".split()
KINDS = ["name", "animal", "food", "thing", "place", "room", "color", "day", "count", "title", "phrase", "label", "kind",
         "words", "clock"]


def free_call(rng):
    """A request made up on the spot: the verb names the call, the prepositions name the slots."""
    verb = rng.choice(VERBS)
    pairs, text = [("what", value(rng, rng.choice(KINDS)))], verb
    text += rng.choice([" ", " the ", " a ", " my "]) + pairs[0][1]
    for prep in rng.sample(PREPS, rng.randint(0, 2)):
        v = value(rng, rng.choice(KINDS))
        pairs.append((prep, v))
        text += f" {prep}" + rng.choice([" ", " the "]) + v
    head, style = style_of(rng)
    return f"User: {ask_text(rng, text)}\n{head}" + write_call(verb, pairs, style)


def words_of(rng, low=1, high=4):
    """Some words, known and made-up."""
    return " ".join(pseudo_word(rng) if rng.random() < 0.15 else rng.choice(ALL_WORDS) for _ in range(rng.randint(low, high)))


def echo(rng):
    """Repeat, quote, bracket, shout, double, reverse the order, tag: pure copying."""
    w = words_of(rng) if rng.random() < 0.6 else value(rng, rng.choice(KINDS))
    ask, answer = rng.choice([
        ("[Say|Repeat|Echo|Copy] {w}", "{w}"), ("[Quote|Put in quotes] {w}", '"{w}"'), ("[Say|Repeat] {w} twice", "{w} {w}"),
        ("Put {w} in brackets", "({w})"), ("Assign {w} to x", 'x="{w}"'), ("Write {w} with a star", "*{w}*"),
        ("Write {w} as code", 'print("{w}")'), ("Say {w} with a dash", "-{w}-"), ("Say {w} and stop", "{w}."),
        ("Write {w} as a list", "LIST")])
    if answer == "LIST":
        answer = "[" + ", ".join(f'"{x}"' for x in w.split()) + "]"
    ask = expand(rng, ask, dict(w=w))
    return f"User: {ask}\nAssistant: {answer.replace('{w}', w)}"


def pick(rng):
    """Pick the first, second or last item of a list."""
    items = rng.sample(rng.choice([FOODS, THINGS, NAMES, ANIMALS, COLORS, PLACES]), 3)
    which = rng.randrange(3)
    ask = expand(rng, ["[Pick|Say|Give me] the first of", "[Pick|Say|Give me] the second of",
                       "[Pick|Say|Give me] the last of"][which])
    return f"User: {ask} {items[0]}, {items[1]}, {items[2]}\nAssistant: {items[which]}"


def fields(rng):
    """A sentence about somebody, then the asked-for fields."""
    s = dict(name=value(rng, "name"), job=value(rng, "job"), place=value(rng, "place"), food=value(rng, "food"),
             count=value(rng, "count"), color=value(rng, "color"), day=value(rng, "day"), clock=value(rng, "clock"))
    text, keys = rng.choice([
        ("{name} is a {job} from the {place} who likes {food}", ["name", "job", "place", "food"]),
        ("{name} came on {day} at {clock} to the {place}", ["name", "day", "clock", "place"]),
        ("The {color} house at the {place} has {count} rooms", ["color", "place", "count"]),
        ("{name} bought {count} {food} on {day}", ["name", "count", "food", "day"])])
    keys = rng.sample(keys, rng.randint(1, min(3, len(keys))))
    if rng.random() < 0.5:
        return f"Text: {text.format(**s)}\n" + "\n".join(f"{sentence(k)}: {s[k]}" for k in keys)
    return f"Text: {text.format(**s)}\nJSON: {{" + ", ".join(f'"{k}": "{s[k]}"' for k in keys) + "}"


TOPICS = dict(animal=ANIMALS, food=FOODS, place=PLACES, job=JOBS, color=COLORS, room=ROOMS)


def sort_word(rng):
    """Short texts to one word: what is it about?"""
    topic = rng.choice(list(TOPICS))
    w = rng.choice(TOPICS[topic])
    text = expand(rng, "[I see|I like|This is about|Look at|We talked about|She dreamed of] [the|a|some|this] {w}[ today|]", dict(w=w))
    return f"Text: {text}\nTopic: {topic}"


def news(rng):
    """A short report to one word: good news or bad news?"""
    group = rng.choice([stories.GOOD, stories.EASY, stories.BAD, stories.MAD, stories.FEAR])
    word = "good" if group in (stories.GOOD, stories.EASY) else "bad"
    slots = dict(stories.cast(rng), my="my", name="I")
    text = expand(rng, rng.choice(["I ", "I ", "we ", "Today I ", "{friend} says she ", "{friend} "]) + "[" + group + "]", slots)
    return f"Text: {sentence(text)}{rng.choice(['', '', '.', '!'])}\nNews: {word}"


def talk(rng):
    """Greetings and small talk."""
    n = rng.choice(NAMES)
    ask, answer = rng.choice([
        ("[Hello|Hi|Hey]", "[Hello|Hi]! [How are you|How can I help|Nice to see you]?"),
        ("[Hello|Hi], I am {n}", "[Hello|Hi|Nice to meet you], {n}!"), ("My name is {n}. What is my name?", "Your name is {n}."),
        ("[Who are you|What are you|What is your name]?", "I am Ember, a [very|] small language model."),
        ("[Thank you|Thanks]", "You are welcome!"), ("[Good night|Bye], {n}", "[Good night|Bye]!"),
        ("How are you?", "I am [fine|well|very well], thank you."),
        ("[Tell|Write] me a story about {n}", "STORY")])
    if answer == "STORY":
        return "User: " + expand(rng, ask, dict(n=n)) + "\nAssistant: " + story_about(rng, n)
    return "User: " + expand(rng, ask, dict(n=n)) + "\nAssistant: " + expand(rng, answer, dict(n=n))


def story_about(rng, name):
    """A story whose hero is given."""
    s = stories.cast(rng)
    he = "she" if name in stories.GIRLS else "he"
    s.update(name=name, he=he, He=sentence(he), his="her" if he == "she" else "his")
    return " ".join(expand(rng, t, s) for t in [rng.choice(stories.OPEN)] + rng.sample(stories.MID, 2) + [rng.choice(stories.END)])
