"""Judge of `burnish export`: transformers reads the merged model, llama.cpp's own converter would have written the GGUF.

    check_export.py make DIR [NAME …]                   a tiny model and a PEFT adapter of each family, as folders
    check_export.py compare DIR --llama-cpp FOLDER      what Burnish made of them, in DIR/NAME/out

`make` prints the names. Burnish then writes, of every one, `safetensors` (f32), `gguf` (f16 and q8_0) and `gguf-lora`.
`compare`: logits of the merged model against PEFT's, within 1e-4; ids of its tokenizer; both GGUFs against what
convert_hf_to_gguf.py makes of the merged folder, key by key (names, licence and base apart, which come of folders and cards)
and byte by byte in the same order; the LoRA against convert_lora_to_gguf.py. FOLDER holds both scripts.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

import common

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
NAMES = ["llama-scaled", "llama-biased", "qwen2", "qwen3", "olmo2", "smollm3", "gemma3"]
# What llama.cpp knows by heart, where the fixtures have something else.
SAYABLE = {
    "gemma3": {"query_pre_attn_scalar": 16, "layer_types": ["sliding_attention"] * 3},
    "smollm3": {"no_rope_layers": [1, 1], "no_rope_layer_interval": 4},
}
# The converter hashes ids to find this name, and knows the hashes of published tokenizers only.
PRE = "smollm"
# Of folders' names and cards, which the two do not share.
APART = ("general.name", "general.basename", "general.finetune", "general.version", "general.license", "general.tags",
         "general.languages", "general.base_model.", "general.size_label", "general.organization", "general.dataset")
TEXT = "The 2 birds sang: <|im_start|>user\nhé llo 12345 worlds!<|im_end|>"


def make(root, chosen):
    for seed, name in enumerate(NAMES):
        if chosen and name not in chosen:
            continue
        folder = root / name / "base"
        folder.mkdir(parents=True)
        source = FIXTURES / f"arch-{name}"
        config = AutoConfig.from_pretrained(source)
        # 16 rows more than the tokenizer has tokens, which the converter of Gemma would cut off.
        config.vocab_size, config.eos_token_id = 400 if name == "gemma3" else 416, 2
        for key, value in SAYABLE.get(name, {}).items():
            setattr(config, key, value)
        config.hidden_size, config.intermediate_size = 64, 96
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        with torch.no_grad():
            for key, value in model.named_parameters():
                value.copy_(torch.randn_like(value) * (0.05 if value.ndim == 1 else 0.15))
                if "norm" in key and name != "gemma3":
                    value.add_(1)
        model.save_pretrained(folder)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (folder / file).write_bytes((FIXTURES / "tokenizer" / file).read_bytes())
        lora = LoraConfig(r=4, lora_alpha=8, target_modules=list(common.PROJECTIONS), init_lora_weights=False,
                          task_type="CAUSAL_LM")
        get_peft_model(model, lora).save_pretrained(root / name / "adapter", save_embedding_layers=False)
        print(name)


def logits(model, ids):
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0].numpy()


def check_merged(verdict, folder):
    base, out = folder / "base", folder / "out"
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = tokenizer(TEXT)["input_ids"]
    verdict.check(AutoTokenizer.from_pretrained(out)(TEXT)["input_ids"] == ids, f"{folder.name}: other ids")
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    tuned = logits(PeftModel.from_pretrained(model, folder / "adapter").eval(), ids)
    plain = logits(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval(), ids)
    merged = logits(AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval(), ids)
    apart = np.abs(merged - tuned).max()
    verdict.check(apart < 1e-4, f"{folder.name}: merged logits are {apart:.1e} apart")
    verdict.check(np.abs(tuned - plain).max() > 0.1, f"{folder.name}: the adapter changes nothing, so nothing is shown")


RUN = """
import json, runpy, sys
scripts, pre = sys.argv[1:3]
sys.path[:0] = [scripts, scripts + "/gguf-py"]
from conversion.base import TextModel
TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
for line in sys.stdin:
    script, *rest = json.loads(line)
    sys.argv = [script, *rest]
    runpy.run_path(f"{scripts}/{script}", run_name="__main__")
"""


def convert(scripts, jobs):
    """llama.cpp's scripts, one after the other, with the name that their hash cannot find."""
    lines = "".join(json.dumps([str(word) for word in job]) + "\n" for job in jobs)
    command = [sys.executable, "-c", RUN, str(scripts), PRE]
    done = subprocess.run(command, input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"llama.cpp's converter failed:\n{done.stderr[-3000:]}")


def fields(reader):
    return {name: (field.types, field.contents()) for name, field in reader.fields.items()
            if not name.startswith(("GGUF.", *APART))}


def compare_gguf(verdict, what, ours, theirs, ordered=True):
    ours, theirs = GGUFReader(ours), GGUFReader(theirs)
    left, right = fields(ours), fields(theirs)
    for key in sorted({*left, *right}):
        verdict.check(left.get(key) == right.get(key), f"{what}: {key} is {str(left.get(key))[:90]}, should be "
                                                       f"{str(right.get(key))[:90]}")
    names = [[tensor.name for tensor in reader.tensors] for reader in (ours, theirs)]
    same = names[0] == names[1] if ordered else sorted(names[0]) == sorted(names[1])
    verdict.check(same, f"{what}: tensors {names[0][:12]}…, should be {names[1][:12]}…")
    found = {tensor.name: tensor for tensor in ours.tensors}
    for tensor in theirs.tensors:
        mine = found.get(tensor.name)
        equal = (mine is not None and mine.tensor_type == tensor.tensor_type
                 and mine.data.tobytes() == tensor.data.tobytes())
        if mine is not None and tensor.name == "rope_freqs.weight":  # powers of f32 differ in the last place
            equal = np.allclose(mine.data, tensor.data, rtol=1e-6, atol=0)
        verdict.check(equal, f"{what}: {tensor.name} differs")


def compare(root, scripts):
    verdict = common.Verdict()
    jobs, pairs = [], []
    for name in NAMES:
        folder = root / name
        out = folder / "out"
        check_merged(verdict, folder)
        for kind in ("f16", "q8_0"):
            theirs = folder / f"converter-{kind}.gguf"
            jobs.append(["convert_hf_to_gguf.py", out, "--outfile", theirs, "--outtype", kind])
            pairs.append((f"{name} {kind}", out / f"tuned-{kind.upper()}.gguf", theirs, True))
        theirs = folder / "converter-lora.gguf"
        base = ["--base", folder / "base", "--outtype", "f32"]
        jobs.append(["convert_lora_to_gguf.py", folder / "adapter", *base, "--outfile", theirs])
        pairs.append((f"{name} lora", out / "tuned-F32-LoRA.gguf", theirs, False))
    convert(scripts, jobs)
    for what, ours, theirs, ordered in pairs:
        compare_gguf(verdict, what, ours, theirs, ordered)
    return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["make", "compare"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--llama-cpp", type=Path)
    args = parser.parse_args()
    if args.step == "make":
        make(args.folder, args.names)
    else:
        sys.exit(compare(args.folder, args.llama_cpp).finish())


if __name__ == "__main__":
    main()
