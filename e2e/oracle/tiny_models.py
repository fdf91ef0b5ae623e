"""The tiny Llamas of e2e/fixtures: three shapes with seeded random weights and byte-level tokenizers, as folders.

Weights are rounded to values that bf16 and f16 hold exactly, so an engine that stores either must still agree.
"""
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM

import common

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"

CHAT = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
CHAT_MARKED = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{% else %}"
    "{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
CHATML = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

MODELS = {
    "llama-gqa": dict(
        seed=11, specials=CHATML, eos="<|endoftext|>", bos=None, chat=CHAT, classic_config=True, std=0.15,
        config=dict(
            vocab_size=256, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            head_dim=16, intermediate_size=96, tie_word_embeddings=True, rms_norm_eps=1e-5,
            bos_token_id=None, eos_token_id=0,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        ),
    ),
    "llama-untied": dict(
        seed=12, specials=CHATML, eos="<|im_end|>", bos=None, chat=CHAT_MARKED, classic_config=False, std=0.2,
        config=dict(
            vocab_size=300, hidden_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
            head_dim=12, intermediate_size=80, tie_word_embeddings=False, rms_norm_eps=1e-6,
            bos_token_id=None, eos_token_id=[0, 2],
            rope_parameters={"rope_type": "default", "rope_theta": 50000.0},
        ),
    ),
    "llama-wide-head": dict(
        seed=13, specials=["<s>", "</s>"], eos="</s>", bos="<s>", chat=None, classic_config=True, std=0.2,
        config=dict(
            vocab_size=256, hidden_size=32, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1,
            head_dim=32, intermediate_size=64, tie_word_embeddings=True, rms_norm_eps=1e-5, bos_token_id=0,
            eos_token_id=1, rope_parameters={"rope_type": "default", "rope_theta": 500000.0},
        ),
    ),
}


def write_json(path, value, indent=None):
    separators = None if indent else (",", ":")
    path.write_text(json.dumps(value, indent=indent, separators=separators) + "\n", "utf-8")


def make_tokenizer(folder, spec):
    """Byte-level BPE. 13 byte values never occur in UTF-8; leaving them out makes room for merges in 256 ids."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    letters.update({byte: chr(256 + i) for i, byte in enumerate(b for b in range(256) if b not in letters)})
    alphabet = [letters[b] for b in range(256) if b not in (0xC0, 0xC1) and b < 0xF5]
    trainer = trainers.BpeTrainer(
        vocab_size=spec["config"]["vocab_size"], special_tokens=spec["specials"], initial_alphabet=alphabet,
        show_progress=False,
    )
    lines = [path.read_text("utf-8") for path in sorted((FIXTURES / "rows").glob("*.jsonl"))]
    tokenizer.train_from_iterator(lines, trainer)
    if spec["bos"]:
        bos = (spec["bos"], tokenizer.token_to_id(spec["bos"]))
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos[0]} $A", pair=f"{bos[0]} $A {bos[0]} $B", special_tokens=[bos]
        )
    assert tokenizer.get_vocab_size() == spec["config"]["vocab_size"]
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": spec["bos"], "eos_token": spec["eos"],
        "model_max_length": 256, "clean_up_tokenization_spaces": False,
    }
    if spec["chat"] and spec["classic_config"]:
        config["chat_template"] = spec["chat"]
    elif spec["chat"]:
        (folder / "chat_template.jinja").write_text(spec["chat"], "utf-8")
    write_json(folder / "tokenizer_config.json", config, indent=2)


def make_model(folder, spec, generator):
    config = LlamaConfig(max_position_embeddings=256, attention_bias=False, mlp_bias=False, **spec["config"])
    model = LlamaForCausalLM(config).float().eval()
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            value = 1 + 0.1 * noise if parameter.dim() == 1 else spec["std"] * noise
            parameter.copy_(value.bfloat16().half().float())
            assert torch.equal(parameter.bfloat16().float(), parameter), name
    model.save_pretrained(folder)
    if spec["classic_config"]:  # as most folders on the Hub still have it
        written = json.loads((folder / "config.json").read_text("utf-8"))
        written["rope_theta"] = written.pop("rope_parameters")["rope_theta"]
        written["torch_dtype"] = written.pop("dtype")
        write_json(folder / "config.json", written, indent=2)
    loaded = common.load_model(folder)
    probe = torch.arange(3, 19)[None]
    with torch.no_grad():
        model.set_attn_implementation("eager")
        assert torch.equal(loaded(input_ids=probe).logits, model(input_ids=probe).logits)
    return loaded
