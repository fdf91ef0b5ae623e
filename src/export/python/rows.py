"""Rows as TRL reads them, split as the page splits them."""


def rows(path, tokenizer):
    from datasets import load_dataset

    found = load_dataset(FORMAT.get(str(path).rsplit(".", 1)[-1], "json"), data_files=str(path), split="train")
    columns = {old: new for new, old in DATA["columns"].items()}
    if columns and not set(DATA["columns"]) <= set(found.column_names):
        found = found.select_columns(list(columns)).rename_columns({a: b for a, b in columns.items() if a != b})
    if METHOD == "grpo":
        found = found.map(question, remove_columns=found.column_names)
        found = found.filter(lambda row: 0 < len(prompt_ids(tokenizer, row["prompt"])) < DATA["maxLength"])
    return found


def question(row):
    found = next((row[name] for name in ANSWERS if row.get(name) is not None), "")
    answer = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return {"prompt": row["prompt"], "answer": answer}


def prompt_ids(tokenizer, prompt, **template):
    if isinstance(prompt, str):
        return tokenizer(prompt)["input_ids"]
    return tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=True, **template)["input_ids"]


def split(args, tokenizer):
    """The files as given; one file alone is split by the hash of its questions, as the page splits it."""
    train = rows(args.data, tokenizer)
    if args.eval or DATA["holdout"] == 0:
        return train, rows(args.eval, tokenizer) if args.eval else None
    sides = [held_out(row, DATA["holdout"], SEED) for row in train]
    pick = lambda side: train.select([i for i, held in enumerate(sides) if held is side])
    return pick(False), pick(True)
