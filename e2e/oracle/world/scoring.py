"""Exact match, the one measure used everywhere here.

Greedy decoding gives exactly the completion if and only if, with the right tokens fed in, the argmax is the right token at
every step; so one forward pass scores a batch of rows.
"""
import torch


def encode(tokenizer, prompt, completion):
    """TRL's reading of a row: prompt ids, and full ids = prompt + completion + EOS; the first must start the second."""
    head = tokenizer(prompt)["input_ids"]
    full = tokenizer(prompt + completion)["input_ids"] + [tokenizer.eos_token_id]
    assert full[:len(head)] == head, (prompt, completion)
    return full, len(head)


def collate(rows, pad):
    """Right-padded ids, attention mask and completion-only labels."""
    width = max(len(ids) for ids, _ in rows)
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    labels = torch.full((len(rows), width), -100)
    for i, (row, start) in enumerate(rows):
        ids[i, :len(row)] = torch.tensor(row)
        mask[i, :len(row)] = 1
        labels[i, start:len(row)] = torch.tensor(row[start:])
    return dict(input_ids=ids, attention_mask=mask, labels=labels)


@torch.no_grad()
def exact_match(model, rows, pad=0, batch=64):
    """The share of rows whose completion greedy decoding would give exactly, and which rows those are."""
    was, hits = model.training, []
    model.eval()
    for at in range(0, len(rows), batch):
        b = collate(rows[at:at + batch], pad)
        guess = model(input_ids=b["input_ids"], attention_mask=b["attention_mask"]).logits[:, :-1].argmax(-1)
        want = b["labels"][:, 1:]
        hits += ((guess == want) | (want == -100)).all(-1).tolist()
    model.train(was)
    return sum(hits) / len(hits), hits
