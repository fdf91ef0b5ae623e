"""A training step in PyTorch + PEFT on the CPU, for comparison with `burnish bench` on the same folder.

    python pytorch_step.py --make DIR               # a random model of SmolLM2-135M's shape, f32
    python pytorch_step.py DIR --tokens 256 --rank 8 --threads 2 [--checkpoint]

One sequence, every token labelled; forward, backward and AdamW. Prints best and median milliseconds as JSON.
"""

import argparse
import json
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def make(folder):
    torch.manual_seed(0)
    config = LlamaConfig(hidden_size=576, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3,
                         intermediate_size=1536, vocab_size=49152, max_position_embeddings=2048, rope_theta=100000,
                         tie_word_embeddings=True, eos_token_id=2, bos_token_id=1)
    LlamaForCausalLM(config).save_pretrained(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--checkpoint", action="store_true")
    args = parser.parse_args()
    if args.make:
        return make(args.folder)
    torch.set_num_threads(args.threads)
    model = AutoModelForCausalLM.from_pretrained(args.folder, dtype=torch.float32)
    model = get_peft_model(model, LoraConfig(r=args.rank, lora_alpha=2 * args.rank, target_modules=SEVEN))
    if args.checkpoint:
        model.enable_input_require_grads()
        model.gradient_checkpointing_enable({"use_reentrant": False})
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    ids = torch.arange(args.tokens)[None] * 7 % model.config.vocab_size
    times = []
    for _ in range(args.rounds + 1):
        start = time.perf_counter()
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        times.append(1000 * (time.perf_counter() - start))
    times = sorted(times[1:])
    print(json.dumps({"best": times[0], "median": times[len(times) // 2], "tokens": args.tokens}))


if __name__ == "__main__":
    main()
