"""Judges the judges: the goldens against plain_llama.py, TRL's own training against training.train, and each check script
on output that a second route fabricated: right output must pass, output wrong by a little more than allowed must fail.

    selftest.py            about two minutes; ends with `N passed, N failed`
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

import common
import training
from make_goldens import ALPHA, GREEDY_TOKENS, RANK
from plain_llama import PlainLlama
from tiny_models import FIXTURES, MODELS

HERE = Path(__file__).resolve().parent
SCALE = ALPHA / RANK
RECIPE = {
    "lora": {"rank": RANK, "alpha": ALPHA},
    "optimizer": {"learningRate": 5e-3, "weightDecay": 0.01},
    "schedule": {"kind": "linear", "warmup": 2, "steps": 10},
}
OPTIMIZER_DEFAULTS = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "maxGradNorm": 1.0}
ORDER = [[0, 1, 2, 3], [5, 6, 7, 0], [1, 3, 5, 7], [2, 6, 0, 4], [7, 1, 2, 5], [3, 4, 6, 0]]


def distance(a, b):
    return float((a - b).abs().max())


def check_goldens(verdict, name):
    folder = FIXTURES / name
    golden = json.loads((folder / "golden.json").read_text("utf-8"))
    tensors = load_file(folder / "golden.safetensors")
    adapter = common.read_adapter_tensors(folder / "adapter")
    plain = PlainLlama(folder)
    packed, edges = golden["packed"], [0]
    for length in packed["lengths"]:
        edges.append(edges[-1] + length)
    rows = [{key: packed[key][a:b] for key in ("ids", "labels")} for a, b in zip(edges, edges[1:])]
    sequences = [row["ids"] for row in rows]
    verdict.check(packed["starts"] == [a for a, b in zip(edges, edges[1:]) for _ in range(a, b)], f"{name} starts")
    verdict.check(distance(plain(sequences), tensors["logits.base"]) < 2e-5, f"{name} logits.base")
    adapted = plain(sequences, adapter, SCALE)
    verdict.check(distance(adapted, tensors["logits.adapter"]) < 1e-4, f"{name} logits.adapter")

    for tensor in adapter.values():
        tensor.requires_grad_(True)
    nll, tokens = plain.nll(rows, adapter, SCALE)
    verdict.check(tokens == golden["loss"]["tokens"], f"{name} tokens")
    verdict.check(common.close(float(nll.detach() / tokens), golden["loss"]["adapter"], 1e-6), f"{name} loss")
    verdict.check(abs(float(plain.nll(rows)[0] / tokens) - golden["loss"]["base"]) < 1e-5, f"{name} base loss")
    (nll / tokens).backward()
    grads = {key.removeprefix("grad."): t for key, t in tensors.items() if key.startswith("grad.")}
    verdict.check(set(grads) == set(adapter), f"{name} gradient names")
    for key, grad in grads.items():
        verdict.check(distance(adapter[key].grad, grad) < 1e-5 * float(grad.abs().max()), f"{name} grad {key}")

    for run in ("plain", "accumulated"):
        check_golden_run(verdict, name, run, golden["training"], tensors)
    for arm, weights in (("base", None), ("adapter", common.read_adapter_tensors(folder / "adapter"))):
        for case in golden["greedy"]["cases"]:
            ids = list(case["prompt"])
            for _ in range(GREEDY_TOKENS):
                ids.append(int(plain([ids], weights, SCALE)[-1].argmax()))
            verdict.check(ids[len(case["prompt"]):] == case[arm], f"{name} greedy {arm}")


def check_golden_run(verdict, name, run, training, tensors):
    adapter = common.read_adapter_tensors(FIXTURES / name / "adapter")
    for key in adapter:
        if ".lora_B." in key:
            adapter[key].zero_()
    golden = training["runs"][run]
    steps = PlainLlama(FIXTURES / name).train(
        adapter, SCALE, training["rows"], golden["order"], training["optimizer"], training["schedule"]
    )
    for index, (loss, norm) in enumerate(steps):
        verdict.check(common.close(loss, golden["loss"][index], 2e-6), f"{name} {run} loss {index}")
        verdict.check(common.close(norm, golden["gradNorm"][index], 2e-5), f"{name} {run} norm {index}")
    for key, tensor in adapter.items():
        verdict.check(distance(tensor.detach(), tensors[f"{run}.{key}"]) < 5e-4, f"{name} {run} final {key}")


def check_preparation(verdict, name):
    """TRL's rule for prompt-completion rows, written out with the bare tokenizers library."""
    golden = json.loads((FIXTURES / name / "golden.json").read_text("utf-8"))
    raw, eos = Tokenizer.from_file(str(FIXTURES / name / "tokenizer.json")), MODELS[name]["eos"]
    case = golden["scores"][0]
    for source, want in zip(common.read_jsonl(FIXTURES / case["data"]), case["rows"]):
        end = "" if source["completion"].endswith(eos) else eos
        prompt, full = raw.encode(source["prompt"]).ids, raw.encode(source["prompt"] + source["completion"] + end).ids
        shared = next((i for i, (a, b) in enumerate(zip(prompt, full)) if a != b), min(len(prompt), len(full)))
        ids = full[:case["maxLength"]]
        labels = [-100 if i < shared else token for i, token in enumerate(ids)]
        if all(label == -100 for label in labels):
            ids = labels = []
        verdict.check((ids, labels) == (want["ids"], want["labels"]), f"{name} preparation of row {want['row']}")


def check_trl_training(verdict):
    """training.train follows SFTTrainer itself: same losses, norms and rates on rows taken in file order."""
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    folder = FIXTURES / "llama-gqa"
    rows = common.read_jsonl(FIXTURES / "rows" / "prompt-completion.jsonl")
    tokenizer = common.load_tokenizer(folder)
    model = common.new_adapter(common.load_model(folder), RANK, ALPHA)
    adapter = common.read_adapter_tensors(folder / "adapter")
    common.set_adapter(model, adapter)
    prepared = {row["row"]: row for row in common.prepare_rows(tokenizer, rows)}
    order = [[[0, 1], [2, 3]], [[4, 5], [6, 7]]] * 3
    ours = list(training.train(model, prepared, order, {**OPTIMIZER_DEFAULTS, **RECIPE["optimizer"]},
                             {"kind": "linear", "warmup": 2, "steps": 6}))
    peer = common.new_adapter(common.load_model(folder), RANK, ALPHA)
    common.set_adapter(peer, adapter)
    with tempfile.TemporaryDirectory() as out:
        args = SFTConfig(
            output_dir=out, use_cpu=True, bf16=False, report_to="none", max_length=256, max_steps=6, warmup_steps=2,
            per_device_train_batch_size=2, gradient_accumulation_steps=2, learning_rate=5e-3, weight_decay=0.01,
            logging_steps=1, train_sampling_strategy="sequential", save_strategy="no", disable_tqdm=True,
            lr_scheduler_type="linear", gradient_checkpointing=False,
        )
        trainer = SFTTrainer(model=peer, args=args, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    logs = [line for line in trainer.state.log_history if "loss" in line]
    verdict.check(len(logs) == len(ours), f"TRL logged {len(logs)} steps")
    for line, log in zip(ours, logs):
        for field, peer_field in (("loss", "loss"), ("gradNorm", "grad_norm"), ("lr", "learning_rate")):
            verdict.check(common.close(line[field], float(log[peer_field]), 2e-4, 1e-6),
                          f"TRL step {line['step']} {field}: {line[field]} against {log[peer_field]}")


def run(script, *args):
    done = subprocess.run([sys.executable, HERE / script, *map(str, args)], capture_output=True, text=True)
    return done.returncode, done.stdout.strip().splitlines()


def expect(verdict, passes, what, script, *args):
    """The script must pass, or else fail by a finding (not by a crash: the last line still counts)."""
    code, lines = run(script, *args)
    counted = bool(lines) and lines[-1].endswith(" failed")
    ok = counted and (code == 0 and lines[-1].endswith(" 0 failed") if passes else code == 1 and len(lines) > 1)
    verdict.check(ok, f"{script}, {what}: exit {code}, {lines[-3:]}")


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def changed(lines, index, **fields):
    return [{**line, **fields} if i == index else line for i, line in enumerate(lines)]


def plain_scores(name, case, adapter):
    plain = PlainLlama(FIXTURES / name)
    lines = []
    for row in case["rows"]:
        nll, tokens = plain.nll([row], adapter, SCALE) if row["ids"] else (0.0, 0)
        lines.append({"row": row["row"], "nll": float(nll), "tokens": tokens})
    return lines


def check_score_script(verdict, scratch):
    for name, which in (("llama-gqa", 0), ("llama-untied", 5), ("llama-wide-head", 2)):
        folder = FIXTURES / name
        case = json.loads((folder / "golden.json").read_text("utf-8"))["scores"][which]
        lines = plain_scores(name, case, None)
        args = ["--model", folder, "--data", FIXTURES / case["data"], "--loss", case["loss"],
                "--max-length", case["maxLength"], "--compare", scratch / "ours.jsonl"]
        write_lines(scratch / "ours.jsonl", lines)
        expect(verdict, True, f"{name} {case['data']}", "check_score.py", *args)
    last = max(i for i, line in enumerate(lines) if line["tokens"])
    row = lines[last]
    for what, wrong in (
        ("nll", changed(lines, last, nll=row["nll"] * 1.002)),
        ("tokens", changed(lines, last, tokens=row["tokens"] + 1)),
        ("NaN", changed(lines, last, nll=float("nan"))),
        ("absent row", lines[:last] + lines[last + 1:]),
        ("unknown row", [*lines, {"row": 99, "nll": 1.0, "tokens": 1}]),
    ):
        write_lines(scratch / "ours.jsonl", wrong)
        expect(verdict, False, what, "check_score.py", *args)


def check_adapter_script(verdict, scratch):
    name, folder = "llama-untied", FIXTURES / "llama-untied"
    golden = json.loads((folder / "golden.json").read_text("utf-8"))
    adapter, case = common.read_adapter_tensors(folder / "adapter"), golden["scores"][0]
    plain, raw = PlainLlama(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    cases = []
    for prompt in ("the sea", "Two and two: "):
        ids, start = raw.encode(prompt).ids, len(raw.encode(prompt).ids)
        while len(ids) < start + 12 and (len(ids) == start or ids[-1] not in (0, 2)):
            ids.append(int(plain([ids], adapter, SCALE)[-1].argmax()))
        cases.append({"prompt": prompt, "maxTokens": 12, "text": raw.decode(ids[start:], skip_special_tokens=True)})
    greedy = scratch / "greedy.json"
    scores = write_lines(scratch / "scores.jsonl", plain_scores(name, case, adapter))
    base_scores = write_lines(scratch / "base.jsonl", plain_scores(name, case, None))
    args = ["--model", folder, "--greedy", greedy, "--data", FIXTURES / case["data"], "--max-length", case["maxLength"]]
    greedy.write_text(json.dumps(cases), "utf-8")
    args += ["--adapter", folder / "adapter", "--scores"]
    expect(verdict, True, "as made", "check_adapter.py", *args, scores)
    expect(verdict, False, "base scores", "check_adapter.py", *args, base_scores)
    greedy.write_text(json.dumps(changed(cases, 0, text=cases[0]["text"] + "x")), "utf-8")
    expect(verdict, False, "text", "check_adapter.py", *args, scores)
    config = (folder / "adapter" / "adapter_config.json").read_text("utf-8")
    first = sorted(adapter)[0]
    for what, tensors in (
        ("missing key", {k: t for k, t in adapter.items() if k != first}),
        ("foreign key", {**adapter, first.replace("layers.0", "layers.7"): adapter[first].clone()}),
        ("wrong shape", {**adapter, first: adapter[first].T.contiguous()}),
    ):
        copy = scratch / what.replace(" ", "-")
        copy.mkdir()
        save_file(tensors, copy / "adapter_model.safetensors", {"format": "pt"})
        (copy / "adapter_config.json").write_text(config, "utf-8")
        expect(verdict, False, what, "check_adapter.py", "--model", folder, "--adapter", copy)


def check_train_script(verdict, scratch):
    folder, data = FIXTURES / "llama-untied", FIXTURES / "rows" / "prompt-completion.jsonl"
    prepared = {row["row"]: row for row in common.prepare_rows(common.load_tokenizer(folder), common.read_jsonl(data))}
    adapter = common.read_adapter_tensors(folder / "adapter")
    micro = [[step[:2], step[2:]] for step in ORDER]
    steps = PlainLlama(folder).train(
        adapter, SCALE, prepared, micro, {**OPTIMIZER_DEFAULTS, **RECIPE["optimizer"]}, RECIPE["schedule"]
    )
    peak, warmup, count = RECIPE["optimizer"]["learningRate"], RECIPE["schedule"]["warmup"], RECIPE["schedule"]["steps"]
    lines = [
        {"type": "step", "step": i + 1, "loss": loss, "gradNorm": norm,
         "lr": peak * (i / warmup if i < warmup else (count - i) / (count - warmup))}
        for i, (loss, norm) in enumerate(steps)
    ]
    lines = [{"type": "phase", "phase": "train"}, *lines]
    for file, value in (("recipe.json", RECIPE), ("order.json", ORDER), ("micro.json", micro)):
        (scratch / file).write_text(json.dumps(value), "utf-8")
    save_file({k: t.detach() for k, t in adapter.items()}, scratch / "final.safetensors", {"format": "pt"})
    args = ["--model", folder, "--data", data, "--init", folder / "adapter", "--recipe", scratch / "recipe.json",
            "--compare", write_lines(scratch / "steps.jsonl", lines)]
    expect(verdict, True, "flat order", "check_train.py", *args, "--order", scratch / "order.json",
           "--final", scratch / "final.safetensors")
    expect(verdict, True, "micro-batches", "check_train.py", *args, "--order", scratch / "micro.json")
    expect(verdict, False, "untrained final", "check_train.py", *args, "--order", scratch / "order.json",
           "--final", folder / "adapter")
    for what, wrong in (
        ("loss", changed(lines, 4, loss=lines[4]["loss"] * 1.0002)),
        ("norm", changed(lines, 4, gradNorm=lines[4]["gradNorm"] * 1.002)),
        ("rate", changed(lines, 4, lr=lines[4]["lr"] * 1.001)),
        ("short", lines[:-1]),
    ):
        write_lines(scratch / "steps.jsonl", wrong)
        expect(verdict, False, what, "check_train.py", *args, "--order", scratch / "order.json")


def main():
    verdict = common.Verdict()
    for name in MODELS:
        check_goldens(verdict, name)
        check_preparation(verdict, name)
    check_trl_training(verdict)
    with tempfile.TemporaryDirectory() as scratch:
        for check in (check_score_script, check_adapter_script, check_train_script):
            folder = Path(scratch) / check.__name__
            folder.mkdir()
            check(verdict, folder)
    return verdict.finish()


if __name__ == "__main__":
    sys.exit(main())
