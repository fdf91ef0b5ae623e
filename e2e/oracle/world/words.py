"""The vocabulary of Ember's little world: plain word lists, nothing else."""

NAMES = """Anna Ben Clara David Emma Felix Grace Hugo Iris Jack Kate Leo Maria Noah Olga Paul Rosa Sam
Tina Victor Wendy Yara Zoe Adam Bella Carl Dora Eric Fiona George Hanna Ivan Julia Karl Lily Max Nina Oscar
Petra Quinn Robin Sara Tom Ursula Vera Will Amy Bruno Cora Dan Elsa Frank Gina Henry Ida Jonas Kira Luca Mia
Nora Otto Pia Ralf Simon Tara Uma Vince Walt Alma Boris Celia Dylan Edith Fred Greta Harry Irma Jim Kim Lara
Marco Nell Omar Polly Ruth Stella Theo Alice Bob Chloe Diego Eva Finn Gwen Hal Jane Ken Lucy Mark Nick Olive
Peter Rita Sue Tim Ava Cleo Dean Ella Gus Hope Jill Kurt Liam Mona Ned Pam Ray Sid Tess Zack""".split()

ANIMALS = """dog cat horse cow pig duck goose hen sheep goat mouse rabbit fox wolf bear owl crow frog fish turtle
snake bee ant spider squirrel deer monkey lion tiger elephant parrot swan donkey hamster lizard camel seal
whale crab snail""".split()

FOODS = """milk bread butter cheese eggs apples pears grapes plums lemons rice pasta soup salad beans peas carrots
onions tomatoes potatoes corn honey jam tea coffee juice water sugar salt pepper flour oil fish chicken ham
cake cookies pie candy nuts yogurt cream mushrooms garlic spinach bananas oranges cherries berries melons
olives noodles pizza toast pancakes waffles cereal chocolate popcorn muffins""".split()

THINGS = """lamp book chair table clock mirror box basket bottle cup plate spoon knife fork bowl pan kettle towel
blanket pillow candle bell brush comb coat hat scarf shoes boots gloves socks shirt jacket belt umbrella bag
backpack wallet key map pen pencil letter camera radio phone drum flute guitar piano violin ball kite doll
puzzle wheel bike boat rope ladder hammer nail saw shovel bucket broom soap sponge tent torch battery ring
coin stamp paper glue tape ribbon vase carpet curtain stone shell feather rug tickets passport charger""".split()

PLACES = """park garden forest river lake beach hill mountain field farm market shop school library museum station
bridge castle tower church harbor island village town city street cave desert valley meadow barn mill bakery
theater hospital hotel airport zoo pool""".split()

ROOMS = """kitchen bedroom bathroom hall office garage attic cellar nursery hallway study lounge balcony porch
pantry basement""".split()

COLORS = "red blue green yellow orange purple pink white black brown gray gold silver violet".split()

ADJECTIVES = """big small old new young tall short long round heavy light soft hard warm cold hot wet dry clean dirty
bright dark quiet loud fast slow sweet sour strong weak rich poor brave kind clever funny strange pretty plain
smooth rough thin thick empty full broken shiny wooden lost""".split()

TRAITS = "kind brave old young clever funny poor rich strong quiet tall lonely lazy happy proud shy wise honest".split()
JOBS = """baker farmer teacher doctor nurse painter singer dancer driver pilot sailor cook writer builder
gardener tailor miller shepherd king queen guard judge hunter fisher carpenter clown""".split()

SUBJECTS = "math music history art science reading writing drawing singing dancing cooking swimming chess".split()

TITLES_A = """Blue Silver Golden Broken Wild Lonely Happy Quiet Summer Winter Midnight Electric Paper Lucky Crazy
Sweet Burning Frozen Hidden Velvet Purple Empty Endless Secret""".split()
TITLES_B = """River Moon Heart Road Rain Sky Star Fire Ocean Train Garden Mountain Dream Shadow Mirror Bird Window
Light Storm Island Flower Song City Dance""".split()

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday today tomorrow tonight".split()
HOURS = [str(h) for h in range(1, 13)]
CLOCK = ([f"{h} {x}" for h in HOURS for x in ("am", "pm")]
         + [f"{h}:{m}" for h in HOURS for m in ("15", "30", "45")] + ["noon", "midnight"])
COUNTS = [str(n) for n in list(range(2, 31)) + [35, 40, 45, 50, 55, 60, 75, 80, 90]]
NUMBER_WORDS = "two three four five six seven eight nine ten eleven twelve".split()
LISTS = "shopping packing party holiday camping weekend birthday grocery picnic office school garden".split()
LABELS = """pasta eggs tea laundry bread cake nap homework workout break rice pizza soup reading coffee cookies
bath chicken lunch yoga""".split()

STATEMENTS = """I am late|I am on my way|dinner is ready|the train is late|I miss them|the door is open|I found the key
lunch is at noon|we won the game|I need help|the soup is cold|the dog is fine|I lost my phone|the bus is here
I am at home|the shop is closed|we are waiting|the baby is asleep|I will be late|the party is on|I feel better
the car is broken|it is raining|I got the job|dinner is at six|the cat is back|we need bread|I like the book
the meeting is over|the lake is frozen|I will wait|the movie was great|the tickets are here|school is closed
the boat is gone|the game starts soon|I am very tired|the pizza is here|the lights are off|we are at the beach
the test was easy|my bag is heavy|the key is lost|the water is warm|the road is closed|the film starts at nine
I have a cold|the plane is late|we will be there soon|the box is empty|my bike is fast""".replace("\n", "|").split("|")
ORDERS = """see you soon|call me back|happy birthday|good luck|good night|meet me outside|thank you|come home soon
bring some milk|feed the cat|water the plants|lock the door|buy a gift|clean the car|pay the rent|wash the dog
call the doctor|find my keys|close the window|bake a cake|fix the roof|pack the bags|read a book|mow the lawn
walk the dog|return the books|paint the fence|save some cake|stay inside|look at the moon|wear a coat""".replace("\n", "|").split("|")
PHRASES = STATEMENTS + ORDERS

LANGUAGES = "French German Spanish Greek Latin Dutch Italian Polish".split()


def pseudo_word(rng):
    """A pronounceable made-up word, so that copying also works on strings nobody has seen."""
    consonants, vowels = "b d f g k l m n p r s t v z br st tr pl sh".split(), "aeiou"
    word = "".join(rng.choice(consonants) + rng.choice(vowels) for _ in range(rng.randint(1, 3)))
    return word + rng.choice(["", "n", "r", "s", "l", "x"])
