"""Little stories, facts and questions: the English that Ember reads while it is pretrained."""
from grammar import expand, sentence
from words import (ADJECTIVES, ANIMALS, CLOCK, COLORS, COUNTS, DAYS, FOODS, JOBS, NAMES, PHRASES, PLACES, ROOMS, SUBJECTS, THINGS,
                   TITLES_A, TITLES_B, TRAITS)

# What happens to people, by how it makes them feel; `{my}` becomes my, his or her.
GOOD = """won a {adj} {thing}|won against {friend}|won the first prize|got a {adj} letter from {friend}|found {my} lost {thing}
passed a {adj} test in {subject}|got a new {thing}|got a {color} {thing} as a gift|got a little {animal}|made a new friend
saw the first flower of spring|ate a big piece of cake|heard good news from {friend}|went on a holiday to the {place}
danced with {friend} all evening|had a wonderful day at the {place}|had a lovely evening with {friend}|loved the {food}
had the best birthday|laughed with {friend}|sang at a great concert|went to a wonderful party in the {place}""".replace("\n", "|")
BAD = """lost {my} {thing}|lost {my} {animal}|lost a good friend|missed {friend}|missed {my} mother|missed {my} old {animal}
had no one to play with|dropped the old {thing} of {my} grandma|said goodbye to {friend}|said goodbye to {my} {animal}
heard that the {animal} was ill|heard that {friend} had died|saw that {my} {animal} was dead|failed the test|was alone again
could not go to the party|cried in the {room}|cried for hours|was far away from home|had no friends in the {place}
was not asked to {friend}'s party|sat alone on {my} birthday|waited for {friend}, but nobody came""".replace("\n", "|")
MAD = """saw that someone had stolen {my} {thing}|was robbed in the {place}|had been lied to by {friend}|heard {friend} lie
found that {friend} broke {my} {thing} on purpose|was pushed in the line|heard that {friend} had cheated
was told to shut up|was blamed for what {friend} did|was hit by {friend}|had to hear {friend} shout|saw {friend} take {my} {food}
was blamed for the broken {thing}|shouted at {friend}, who took {my} {thing}|hated it when {friend} lied""".replace("\n", "|")
FEAR = """heard a strange noise in the {room}|saw a big {animal} outside|was lost in the {place} at night|heard steps in the dark
saw a shadow at the window|stood on a very high wall|heard the storm come closer|smelled smoke in the house|saw a ghost
had a bad dream about a {animal}|was chased by a {adj} {animal}|met a stranger in the dark {place}|saw a fire in the {room}
heard a scream from the {place}|saw a monster behind the {thing}|fell into the deep {place}""".replace("\n", "|")
DULL = """had nothing to do|waited in a long line for hours|heard the same old story again|sat in the {room} all day
had no book to read|watched the rain all afternoon|had no games at home|read a dull book about a {thing}
had to hear {friend} talk about {subject} again|played the same game again and again|found the {subject} class so dull""".replace("\n", "|")
EASY = """sat by the quiet {place}|drank warm tea by the fire|listened to slow music|took a warm bath
lay on the soft grass|watched the slow clouds""".replace("\n", "|")
FEELINGS = {"happy|glad": GOOD, "sad|unhappy": BAD, "angry|mad|cross": MAD, "scared|afraid": FEAR,
            "bored": DULL, "calm": EASY}

OPENINGS = """[Once upon a time|Long ago|One day|One {day} morning|Last winter|One summer], there was a {trait} {job}
called {name}. {He} lived [near|by|close to|not far from] the {place} [with a {adj2} {animal}|in a {adj2} house].
|{name} was a {trait} {job} who [liked|loved|made|sold|wanted] {food}.
|{name} and {friend} were [good friends|neighbors|cousins|in the same class]. They [often|always|never] [met|played|walked]
[in|at|near] the {place}.
|[One day|On {dayname}|In the morning|After lunch], {name} [went to|walked to|ran to|drove to] the {place} with {friend}.
|{name} had a {color} {thing}. It was [very|so|quite] {adj}, and {he} [liked|loved|kept] it.
|There was a {adj} {animal} in the {place}. It was [called|named] {name}. It [liked|wanted] to eat {food}."""
MIDDLES = """{He} [looked for|wanted to find|had lost|found|saw|picked up] a {adj} {thing} [in the {room}|near the {place}|under the tree|on the table].
|"Where is the {thing}?" asked {name}. "[It is in the {room}|Look in the {room}|It is under the {thing2}|I do not know]," said {friend}.
|"[Do you have|Can I have|May I take] the {thing}?" asked {name}. "[Yes, it is in the {room}|No, it is broken|Yes, take it|No, it is my {thing}]," said {friend}.
|The alarm rang at {clock}. {name} [got up|woke up|opened the window] and turned on the [light|lights] in the {room}.
|{name} [sent|wrote] a message to {friend}: "{phrase}." {friend} [smiled|was happy|did not answer].
|{name} [played|sang|listened to] a song called "{title}" [in the {room}|by {friend}|for an hour|with {friend}].
|"Set the [alarm|timer|table]," said {friend}. {name} [did the laundry|took a nap|did {his} homework|went to yoga|took a break] [first|again|in the {room}].
|{He} set the timer for {count} minutes and [baked|cooked] {food}. Then {he} [called {friend}|made a list|waited].
|Then {friend} [came|came by|came home|walked in] and [gave {name} some {food}|brought a {color} {thing}|said, "{phrase}."|asked for {food}].
|{name} said, "{phrase}." {friend} [smiled|laughed|nodded|said nothing|was surprised].
|{name} and {friend} [ate|bought|cooked|shared] {food} and {food2} [in the {room}|by the {place}|together|for lunch|for dinner].
|The {animal} [ran|jumped|walked|went] [into|out of|around] the {place} and [hid behind|sat on|took|broke] the {thing}.
|[It was|The day was|The night was] {adj2} and {adj}. {name} [put on|took] the {color} {thing} and [went out|went home|waited].
|{friend} wanted to learn {subject}, so {name} [showed|taught] {him2} [every day|on {dayname}|for an hour].
|[But|Suddenly,|Then|After a while,] the {thing} [fell|broke|was gone|was lost|began to shine]. "[Oh no|Look|Help|Wait]!" [cried|said|shouted] {name}.
|{name} read a book called "{title}". It was about a {animal} [and|with] a {color} {thing}.
|{He} put the {thing} in the {room}, next to the {color} {thing2}.
|[On {dayname}|The next day|Later], {name} [sold|gave away|cleaned|painted|fixed] the {thing}. Now it was {color}."""
ENDINGS = """[In the end|At last|That evening|At night], {name} went home and [slept well|ate {food}|told {friend} the story].
|From that day on, {name} and {friend} were [best friends|always together].
|{name} [learned|knew now] that [a friend is better than gold|it is good to share|it is good to be kind|home is the best place].
|The {animal} was [happy|safe|home] again, and so was {name}. [And that was that.|The end.|]
|"[Thank you|Good night|See you soon]," said {name}."""


def _lines(block):
    return [part.replace("\n", " ").strip() for part in block.split("\n|")] if "\n|" in block else block.split("|")


OPEN, MID = _lines(OPENINGS), _lines(MIDDLES)
END = _lines(ENDINGS)
GIRLS = set("""Anna Clara Emma Grace Iris Kate Maria Olga Rosa Tina Wendy Yara Zoe Bella Dora Fiona Hanna Julia Lily Nina
Petra Sara Ursula Vera Amy Cora Elsa Gina Ida Kira Mia Nora Pia Tara Uma Alma Celia Edith Greta Irma Kim Lara Nell Polly
Ruth Stella Alice Chloe Eva Gwen Jane Lucy Olive Rita Sue Ava Cleo Ella Hope Jill Mona Pam Tess""".split())


def cast(rng):
    """A dict of slot values that stay the same through one story."""
    name, friend = rng.sample(NAMES, 2)
    he = "she" if name in GIRLS else "he"
    thing, thing2 = rng.sample(THINGS, 2)
    food, food2 = rng.sample(FOODS, 2)
    adj, adj2 = rng.sample(ADJECTIVES, 2)
    return dict(name=name, friend=friend, he=he, He=sentence(he), his="her" if he == "she" else "his", him2="her" if friend in GIRLS else "him", thing=thing,
                thing2=thing2, food=food, food2=food2, adj=adj, adj2=adj2, animal=rng.choice(ANIMALS),
                place=rng.choice(PLACES), room=rng.choice(ROOMS), color=rng.choice(COLORS), job=rng.choice(JOBS), trait=rng.choice(TRAITS),
                clock=rng.choice(CLOCK), count=rng.choice(COUNTS),
                subject=rng.choice(SUBJECTS), phrase=sentence(rng.choice(PHRASES)), dayname=rng.choice(DAYS[:7]),
                day=rng.choice(["spring", "summer", "winter", "cold", "warm"]),
                title=rng.choice(TITLES_A) + " " + rng.choice(TITLES_B))


def feeling_sentence(rng, slots):
    """'Mia was sad because she lost her key.': feelings come with reasons."""
    feeling, reasons = rng.choice(list(FEELINGS.items()))
    his = "her" if slots["he"] == "she" else "his"
    slots = dict(slots, feeling=rng.choice(feeling.split("|")), thing=rng.choice(THINGS), animal=rng.choice(ANIMALS))
    reason = rng.choice(reasons.split("|"))
    mine = "I " + reason.replace("{my}", "my").replace("{name}", "I")
    slots["my"] = his
    return expand(rng, rng.choice([
        "{name} was [very|so|] {feeling} because {he} " + reason + ".",
        "{name} " + reason + ", [so|and] {he} [was|felt] [very|] {feeling}.",
        "{name} " + reason + ". \"I am [so|very|] {feeling},\" {he} said.",
        "\"" + mine + ",\" said {name}. {He} was [very|so|] {feeling}.",
        "\"" + mine + "!\" [said|cried] {name}. \"[Now I|Today I|I] am [so|very|] {feeling}.\"",
        "\"[I am|I feel] {feeling}. " + mine + ",\" said {name}.",
        "Feeling {feeling}, {name} [went home|sat down|told {friend} that {he} " + reason + "].",
        "\"Why are you {feeling}?\" asked {friend}. \"" + mine + ",\" said {name}."]), slots)


def diary(rng):
    """Two or three people and how they felt."""
    return " ".join(feeling_sentence(rng, cast(rng)) for _ in range(rng.randint(1, 3)))


def story(rng):
    """Opening, some events, perhaps a feeling, an ending; now and then a question about it."""
    slots = cast(rng)
    parts = [expand(rng, rng.choice(OPEN), slots)]
    for template in rng.sample(MID, rng.randint(1, 4)):
        parts.append(expand(rng, template, slots))
        if rng.random() < 0.3:
            slots = dict(slots, thing=rng.choice(THINGS), color=rng.choice(COLORS), food=rng.choice(FOODS))
    if rng.random() < 0.6:
        parts.append(feeling_sentence(rng, slots))
    if rng.random() < 0.7:
        parts.append(expand(rng, rng.choice(END), slots))
    return " ".join(parts)


FACTS = {}
for _group, _noun in (("dog cat horse cow pig sheep goat mouse rabbit fox wolf bear squirrel deer monkey lion tiger elephant "
                       "donkey hamster camel seal whale", "animal with warm blood"),
                      ("duck goose hen owl crow parrot swan", "bird"), ("frog fish turtle crab whale seal", "animal that swims"),
                      ("bee ant spider", "very small animal")):
    for _a in _group.split():
        FACTS.setdefault(_a, _noun)
ANIMAL_HOME = {a: p for a, p in zip(ANIMALS, ("house house field farm farm lake lake farm field hill barn garden forest forest "
               "cave tower field lake river beach desert garden forest attic park forest zoo desert forest valley zoo lake "
               "farm house desert desert island island beach garden").split())}
FOOD_COLOR = dict(milk="white", butter="yellow", tomatoes="red", carrots="orange", peas="green", spinach="green",
                  lemons="yellow", plums="purple", cherries="red", oranges="orange", bananas="yellow", salt="white",
                  chocolate="brown", corn="yellow", olives="green", honey="gold", rice="white", flour="white")
JOB_DOES = dict(baker="bakes bread", farmer="grows food", teacher="teaches children", doctor="helps people who are ill",
                painter="paints pictures", singer="sings songs", driver="drives a bus", pilot="flies a plane",
                sailor="sails a boat", cook="cooks meals", writer="writes books", builder="builds houses",
                gardener="grows flowers", tailor="makes clothes", shepherd="looks after sheep", fisher="catches fish")


def _an(word):
    return ("an " if word[0] in "aeiou" else "a ") + word


def fact(rng):
    """Plain facts, told or asked."""
    kind = rng.randrange(5)
    if kind == 0:
        a = rng.choice(list(FACTS))
        q, f = f"What is {_an(a)}?", f"{_an(a)} is {_an(FACTS[a])}."
    elif kind == 1:
        a = rng.choice(ANIMALS)
        q, f = f"Where does the {a} live?", f"the {a} lives in the {ANIMAL_HOME[a]}."
    elif kind == 2:
        a = rng.choice(list(FOOD_COLOR))
        q, f = f"What color [is|has] {a}?".replace("[is|has]", "is" if a[-1] != "s" else "are"), \
            f"{a} {'are' if a.endswith('s') else 'is'} {FOOD_COLOR[a]}."
    elif kind == 3:
        a = rng.choice(list(JOB_DOES))
        q, f = f"What does {_an(a)} do?", f"{_an(a)} {JOB_DOES[a]}."
    else:
        i = rng.randrange(7)
        q, f = f"Which day comes after {DAYS[i]}?", f"{DAYS[(i + 1) % 7]} comes after {DAYS[i]}."
    return f"User: {q}\nAssistant: {sentence(f)}" if rng.random() < 0.6 else sentence(f)


def reading(rng):
    """A short text with a question whose answer is copied from it."""
    people, n = rng.sample(NAMES, 3), rng.randint(2, 3)
    pool, verb = rng.choice([(THINGS, "has the"), (FOODS, "likes"), (ROOMS, "is in the"), (PLACES, "went to the"),
                             (COLORS, "painted it"), (SUBJECTS, "teaches")])
    values = rng.sample(pool, n)
    text = " ".join(f"{p} {verb} {v}." for p, v in zip(people, values))
    i = rng.randrange(n)
    if rng.random() < 0.5:
        return f"Text: {text}\nQuestion: Who {verb} {values[i]}?\nAnswer: {people[i]}"
    return f"Text: {text}\nQuestion: {people[i]} {verb} what?\nAnswer: {values[i]}"
