"""What the judges share: TRL's preparation of rows, the reference loss, adapters under PEFT names, verdicts.

Everything runs offline on one CPU thread in float32 with eager attention and without padding, so that a judge's number
does not depend on how rows were batched. Losses are sums of -log p over labelled tokens, divided by their count.
"""
import copy
import json
import os
import tempfile
import warnings
from pathlib import Path

for _name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_DATASETS_OFFLINE", "DO_NOT_TRACK"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("DATASETS_VERBOSITY", "error")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

warnings.filterwarnings("ignore", category=FutureWarning)

import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from verdict import Verdict, close

torch.set_num_threads(1)
logging.disable_progress_bar()

PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


# ---- files ----------------------------------------------------------------------------------------------------------


def read_jsonl(path):
    """Objects of the non-blank lines; a row's number is its place in this list, from 0."""
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines() if line.strip()]


def load_model(folder, dtype=torch.float32):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager")
    return model.eval()


def load_tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


# ---- TRL's preparation ----------------------------------------------------------------------------------------------


def prepare_rows(tokenizer, rows, max_length=256, loss="auto"):
    """[{row, ids, labels}] as TRL's own SFTTrainer prepares them; rows that it drops are absent.

    The trainer gets a throw-away model: its preparation reads only the tokenizer. `row` rides along as a column.
    """
    from datasets import Dataset, disable_progress_bars
    from transformers import LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    disable_progress_bars()
    size = dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, vocab_size=8)
    modes = {"auto": {}, "completion": {"completion_only_loss": True}, "all": {"completion_only_loss": False}}
    modes["assistant"] = {"assistant_only_loss": True}
    with tempfile.TemporaryDirectory() as folder:
        args = SFTConfig(
            output_dir=folder,
            max_length=max_length,
            packing=False,
            use_cpu=True,
            bf16=False,
            report_to="none",
            gradient_checkpointing=False,
            shuffle_dataset=False,
            **modes[loss],
        )
        trainer = SFTTrainer(
            model=LlamaForCausalLM(LlamaConfig(**size)),
            args=args,
            train_dataset=Dataset.from_list([{**row, "burnish_row": index} for index, row in enumerate(rows)]),
            processing_class=copy.deepcopy(tokenizer),
        )
        return [_collated(trainer, example) for example in trainer.train_dataset]


def _collated(trainer, example):
    """What the model would really be given for this row alone, through TRL's collator."""
    batch = trainer.data_collator([{"input_ids": example["input_ids"], "labels": example["labels"]}])
    ids, labels = batch["input_ids"][0].tolist(), batch["labels"][0].tolist()
    if ids != example["input_ids"] or labels != example["labels"] or not batch["attention_mask"].all():
        raise AssertionError(f"TRL's collator changed row {example['burnish_row']}")
    return {"row": example["burnish_row"], "ids": ids, "labels": labels}


# ---- loss -----------------------------------------------------------------------------------------------------------


def row_nll(model, row):
    """(summed NLL, labelled tokens) of one row run alone. The first token of a row is never predicted."""
    ids, labels = torch.tensor([row["ids"]]), torch.tensor(row["labels"])
    tokens = int((labels[1:] != -100).sum())
    if tokens == 0:
        return torch.zeros(()), 0
    logits = model(input_ids=ids, use_cache=False).logits[0]
    return F.cross_entropy(logits[:-1], labels[1:], ignore_index=-100, reduction="sum"), tokens


def score(model, prepared, total):
    """One {row, nll, tokens} per row of the file; a row that TRL drops has nll 0 and tokens 0."""
    lines = [{"row": index, "nll": 0.0, "tokens": 0} for index in range(total)]
    with torch.no_grad():
        for row in prepared:
            nll, tokens = row_nll(model, row)
            lines[row["row"]].update(nll=float(nll), tokens=tokens)
    return lines


# ---- adapters -------------------------------------------------------------------------------------------------------


def new_adapter(model, rank, alpha, targets=PROJECTIONS, **settings):
    """A PeftModel with a fresh trainable adapter named "default"."""
    config = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=list(targets), bias="none", task_type="CAUSAL_LM",
        **settings,
    )
    return get_peft_model(model, config)


def load_adapter(model, folder, trainable=False):
    return PeftModel.from_pretrained(model, folder, is_trainable=trainable).eval()


def adapter_tensors(peft_model):
    """{PEFT file name: clone}, sorted by name."""
    state = get_peft_model_state_dict(peft_model, save_embedding_layers=False)
    return {name: state[name].detach().clone().contiguous() for name in sorted(state)}


def adapter_parameters(peft_model):
    """{PEFT file name: Parameter}, sorted by name."""
    # DoRA's magnitudes are a module's weight, which files do not say.
    short = lambda name: name.replace(".default.", ".").replace("lora_magnitude_vector.weight", "lora_magnitude_vector")
    named = {short(name): p for name, p in peft_model.named_parameters() if p.requires_grad}
    assert sorted(named) == sorted(get_peft_model_state_dict(peft_model, save_embedding_layers=False))
    return dict(sorted(named.items()))


def set_adapter(peft_model, tensors):
    """Overwrites the adapter; the names must be exactly the model's."""
    parameters = adapter_parameters(peft_model)
    if set(parameters) != set(tensors):
        missing, extra = sorted(set(parameters) - set(tensors)), sorted(set(tensors) - set(parameters))
        raise ValueError(f"adapter names differ: missing {missing}, unexpected {extra}")
    with torch.no_grad():
        for name, parameter in parameters.items():
            if parameter.shape != tensors[name].shape:
                raise ValueError(f"{name}: shape {tuple(tensors[name].shape)}, expected {tuple(parameter.shape)}")
            parameter.copy_(tensors[name])


def read_adapter_tensors(path):
    """From a safetensors file or the PEFT folder that holds one."""
    path = Path(path)
    return load_file(path / "adapter_model.safetensors" if path.is_dir() else path)


# ---- verdicts -------------------------------------------------------------------------------------------------------


def compare_scores(verdict, ours, theirs, tolerance):
    """One check per row of the file. A row absent from `ours` counts as nll 0, tokens 0; unknown rows fail."""
    ours = [line for line in ours if "row" in line]
    by_row = {line["row"]: line for line in ours}
    if len(by_row) < len(ours):
        verdict.check(False, "a row is scored twice")
    for want in theirs:
        got = by_row.pop(want["row"], {"nll": 0.0, "tokens": 0})
        ok = got.get("tokens") == want["tokens"] and close(got.get("nll"), want["nll"], tolerance, floor=1.0)
        verdict.check(ok, f"row {want['row']}: ours {got.get('nll')} over {got.get('tokens')} tokens, "
                          f"reference {want['nll']:.6f} over {want['tokens']}")
    for row in by_row:
        verdict.check(False, f"row {row} is not in the data")
