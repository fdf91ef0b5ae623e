"""Make the tiny tokenizer of the unit tests, and what transformers and TRL do with it.

Writes e2e/fixtures/tokenizer/: tokenizer.json (byte-level BPE, 400 tokens, SmolLM2's pre-tokeniser),
tokenizer_config.json (with a chat template that marks generation), expected.json (ids, texts, and for each
dataset row the ids and labels of TRL's own SFTTrainer._prepare_dataset).

    python e2e/oracle/make_tokenizer_fixture.py
"""

import json
import random
from pathlib import Path
from types import SimpleNamespace

from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer
from trl import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

HERE = Path(__file__).parent
OUT = HERE.parent / "fixtures" / "tokenizer"

CORPUS = [
    "Turn the light on in the kitchen. The answer is here, and there is nothing more to say.",
    'turn on the lamp -> {"device": "lamp", "state": "on"}',
    "What is the weather? It's raining; we'll stay, they're going, I've seen it, don't.",
    "def add(a, b):\n    return a + b\n\n\nfor i in range(10):\n\tprint(i)",
    "user: hello\nassistant: hello there, how can I help you today?",
    "naïve café, Größe, привет мир, 你好世界, 日本語, 👍🏽",
]

TEMPLATE = (
    "{%- for message in messages %}\n"
    "    {{- '<|im_start|>' + message['role'] + '\\n' }}\n"
    "    {%- if message['role'] == 'assistant' %}\n"
    "        {%- generation %}\n"
    "        {{- message['content'] + '<|im_end|>' }}\n"
    "        {%- endgeneration %}\n"
    "        {{- '\\n' }}\n"
    "    {%- else %}\n"
    "        {{- message['content'] + '<|im_end|>\\n' }}\n"
    "    {%- endif %}\n"
    "{%- endfor %}\n"
    "{%- if add_generation_prompt %}\n"
    "    {{- '<|im_start|>assistant\\n' }}\n"
    "{%- endif %}\n"
)

NASTY = [
    "",
    " ",
    "\n",
    "a",
    "Turn the light on",
    "  two  spaces  ",
    "tabs\t\tand\r\nlines\n\n\n  indented",
    "1234567890 3.14 1,000",
    "it's they're I'VE don't '' 's",
    "naïve café nai\u0308ve cafe\u0301",
    "👍🏽👨\u200d👩\u200d👧 🇩🇪 ✈️",
    "你好，世界！日本語 한국어",
    "مرحبا שלום",
    "\u00a0\u2003\u200b\ufeff\u2028",
    "\u0000\u0001\u007f",
    "<|im_start|>user\nhi<|im_end|>",
    "x<|im_end|>y<|endoftext|>",
    "<|im_start|><|im_start|>",
    "<|im_start",
    "𝕳𝖊𝖑𝖑𝖔 \U0010ffff",
    "_snake_case__ camelCase kebab-case",
    "ſtraße İstanbul ǅ",
    "٠١٢ ⅷ ½ ²",
    "two  ٠١٢ a  ⅷ",
    "\ufffd",
    "a" * 60,
    " \n \t x",
]

ROWS = {
    "text": [
        {"text": "The answer is here."},
        {"text": "already ended<|im_end|>"},
        {"text": "x" * 70},
    ],
    "completion": [
        {"prompt": "turn on the lamp -> ", "completion": '{"device": "lamp"}'},
        {"prompt": "What is the", "completion": " weather?"},
        # The last word of the prompt merges with the first of the completion.
        {"prompt": "turn on the la", "completion": "mp and ans"},
        {"prompt": "ends", "completion": "itself<|im_end|>"},
        {"prompt": "", "completion": "hello"},
        {"prompt": "a very long prompt that fills everything " * 4, "completion": "never reached"},
        {"prompt": "short ", "completion": "a completion that is cut in its middle, far beyond the limit of the row"},
    ],
    "chat": [
        {
            "prompt": [{"role": "user", "content": "turn on the lamp"}],
            "completion": [{"role": "assistant", "content": "done"}],
        },
        {
            "prompt": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "hello there"},
                {"role": "user", "content": "the weather?"},
            ],
            "completion": [{"role": "assistant", "content": "\n\nraining 👍🏽"}],
        },
    ],
    "messages": [
        {
            "messages": [
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "hello there 你好"},
                {"role": "user", "content": "naïve?"},
                {"role": "assistant", "content": " \nyes"},
            ]
        },
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]},
    ],
}
MAX_LENGTH = 64
LOSSES = {
    "auto": {},
    "all": {"completion_only_loss": False},
    "completion": {"completion_only_loss": True},
    "assistant": {"assistant_only_loss": True},
}


def train() -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS * 4, trainer)
    OUT.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(OUT / "tokenizer.json"), pretty=False)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": 2048,
        "chat_template": TEMPLATE,
    }
    (OUT / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def fuzz(count: int) -> list[str]:
    draw = random.Random(11)
    pieces = [*NASTY[4:], *"abc \n\t'0129éß你👍{}\":,.-", " the", "light", "\u0301", "<|im_end|>"]
    return ["".join(draw.choice(pieces) for _ in range(draw.randint(2, 9))) for _ in range(count)]


def prepared(tokenizer, kind: str, loss: str) -> list[dict] | None:
    """TRL's own preparation, row by row so that dropped rows keep their place as null."""
    conversational = kind in ("chat", "messages")
    if loss == "assistant" and not conversational or loss == "completion" and kind in ("text", "messages"):
        return None
    args = SFTConfig(output_dir="unused", max_length=MAX_LENGTH, report_to=[], bf16=False, **LOSSES[loss])
    trainer = SimpleNamespace(
        _tokenizer=tokenizer,
        completion_only_loss=kind in ("completion", "chat") if loss in ("auto", "assistant") else loss == "completion",
        chat_template=None,
    )
    result = []
    for row in ROWS[kind]:
        data = SFTTrainer._prepare_dataset(trainer, Dataset.from_list([row]), tokenizer, args, False, None, "train")
        result.append({"ids": data[0]["input_ids"], "labels": data[0]["labels"]} if len(data) else None)
    return result


def main() -> None:
    train()
    tokenizer = AutoTokenizer.from_pretrained(str(OUT))
    texts = NASTY + fuzz(60)
    expected = {
        "texts": [
            {
                "text": text,
                "ids": (ids := tokenizer(text)["input_ids"]),
                "decoded": tokenizer.decode(ids),
                "plain": tokenizer.decode(ids, skip_special_tokens=True),
            }
            for text in texts
        ],
        "chats": [
            {
                "messages": row["messages"],
                "text": tokenizer.apply_chat_template(row["messages"], tokenize=False),
                "prompt": tokenizer.apply_chat_template(
                    row["messages"][:1], tokenize=False, add_generation_prompt=True
                ),
            }
            for row in ROWS["messages"]
        ],
        "maxLength": MAX_LENGTH,
        "rows": [
            {"kind": kind, "loss": loss, "rows": ROWS[kind], "encoded": encoded}
            for kind in ROWS
            for loss in LOSSES
            if (encoded := prepared(tokenizer, kind, loss)) is not None
        ],
    }
    (OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
