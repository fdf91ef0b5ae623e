"""Base and tuned on the held-out questions."""


def last_turn(messages):
    at = max((i for i, message in enumerate(messages) if message["role"] == "assistant"), default=0)
    return (messages[:at], messages[at : at + 1]) if at > 0 else (messages, [])


def case_of(row):
    """(prompt, answer that is wanted); None where the row asks nothing."""
    if row.get("messages") is not None:
        prompt, answer = last_turn(row["messages"])
    elif row.get("prompt") is None:
        return None
    else:
        prompt = row["prompt"]
        answer = next((row[name] for name in ("completion", "chosen", "answer") if row.get(name) is not None), "")
    if isinstance(answer, list):
        if METHOD == "dpo":
            answer = answer[-1:]
        if not answer:
            return None
        answer = "\n".join(message["content"] or "" for message in answer)
    return prompt, answer


def template_of(row):
    return {**({"tools": row["tools"]} if row.get("tools") else {}), **(row.get("chat_template_kwargs") or {})}


def answers(model, tokenizer, asked_ids, longest):
    """Greedy, one prompt at a time on a CPU, where padding could turn a near tie."""
    import torch

    size, found = (16 if model.device.type == "cuda" else 1), []
    model.eval()
    for start in range(0, len(asked_ids), size):
        some = asked_ids[start : start + size]
        width = max(map(len, some))
        pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
        ids = torch.tensor([[pad] * (width - len(one)) + one for one in some], device=model.device)
        mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in some], device=model.device)
        with torch.no_grad():
            made = model.generate(input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=longest, pad_token_id=pad)
        found += tokenizer.batch_decode(made[:, width:], skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return found


def evaluate_stage(args, out, tokenizer):
    """Base and tuned answer the same held-out cases; then they are graded in pairs."""
    from peft import PeftModel

    target = out / "evaluation.json"
    if target.exists():
        return json.loads(target.read_text("utf-8"))
    held = split(args, tokenizer)[1]
    rows_held = [row for row in held if case_of(row)][: RECIPE["evaluate"]["cases"]] if held is not None else []
    if not rows_held:
        return None
    cases = [case_of(row) for row in rows_held]
    asked_ids = [prompt_ids(tokenizer, prompt, **template_of(row)) for (prompt, _), row in zip(cases, rows_held)]
    wanted_length = max(len(tokenizer.encode(wanted)) for _, wanted in cases) + 8
    longest = RECIPE["grpo"]["maxCompletionLength"] if METHOD == "grpo" else min(RECIPE["evaluate"]["maxTokens"], wanted_length)
    model = starting_model(args.model)
    base = answers(model, tokenizer, asked_ids, longest)
    emit(out, "answered", arm="base", cases=len(cases))
    if WEIGHTS == "full":
        del model
        model = base_model(str(out / "model"), False)
    else:
        model = PeftModel.from_pretrained(model, str(out / "adapter"))
    tuned = answers(model, tokenizer, asked_ids, longest)
    emit(out, "answered", arm="tuned", cases=len(cases))
    judges = RECIPE["grpo"]["rewards"] if METHOD == "grpo" else []
    compared = []
    for (prompt, wanted), before, after in zip(cases, base, tuned):
        shown = prompt if isinstance(prompt, str) else (prompt[-1]["content"] if prompt else "")
        passed = {"basePassed": passes_reward(judges, shown, wanted, before)}
        passed["tunedPassed"] = passes_reward(judges, shown, wanted, after)
        compared.append({"prompt": shown, "expected": wanted, "base": before, "tuned": after, **passed})
    result = {**compare_arms(compared), "cases": compared}
    write_whole(target, json.dumps(result, ensure_ascii=False, indent=1))
    return result
