"""Print what the bundled model writes: stories, answers, calls; loaded with plain transformers.

    python sample.py [folder]
"""
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from pretrain import say

folder = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[3] / "public" / "models" / "ember"
torch.set_num_threads(1)
torch.manual_seed(1)
tok = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
chat = [dict(role="user", content="Hello, I am Mia")]
print(repr(tok.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)))
for prompt in ("One day,", "Once upon a time,", "Tom lost his", "Once upon a time, there was a brave cook called Mia."):
    print("|", prompt + say(model, tok, prompt, 80, 0.7))
for prompt in ("User: Hello, I am Mia\nAssistant:", "User: What is a wolf?\nAssistant:", "User: What color are plums?\nAssistant:",
               "User: Tell me a story about Tom\nAssistant:", "User: Pick the second of lamp, rope, cake\nAssistant:",
               "User: Repeat zorbin and tea\nAssistant:", "User: Paint the violin purple\nCall:",
               "User: Please wake me at 7 am tomorrow\nCall:", "Text: I lost my dog today\nFeeling:"):
    print("|", prompt + say(model, tok, prompt, 60))
