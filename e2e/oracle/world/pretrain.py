"""Train Ember's tokenizer and its weights on the text world, and write them as a Hugging Face folder.

    python pretrain.py [--tokens 11e6] [--out ../../../public/models/ember]

One CPU thread, bfloat16 autocast, Muon for the matrices and AdamW for the rest.
"""
import argparse
import itertools
import json
import math
import pathlib
import random
import time

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import tasks
import world
from scoring import encode, exact_match

HERE = pathlib.Path(__file__).resolve().parent
EOS, PAD = "<|endoftext|>", "<|pad|>"
ROW = 128
CHAT = ("{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] + '\\n' }}"
        "{% elif m['role'] == 'user' %}{{ 'User: ' + m['content'] + '\\n' }}"
        "{% else %}{{ 'Assistant: ' + m['content'] + eos_token }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}")


def make_tokenizer(vocab):
    """Byte-level BPE over 60,000 documents."""
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(itertools.islice(world.documents(1), 60000), trainers.BpeTrainer(
        vocab_size=vocab, special_tokens=[EOS, PAD], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    return PreTrainedTokenizerFast(tokenizer_object=tok, eos_token=EOS, pad_token=PAD, model_max_length=512,
                                   clean_up_tokenization_spaces=False, chat_template=CHAT)


def make_model(vocab):
    """A Llama of 1.25 million parameters."""
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=vocab, hidden_size=128, num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=2, head_dim=32,
        intermediate_size=384, max_position_embeddings=512, rope_theta=10000.0, rms_norm_eps=1e-5,
        tie_word_embeddings=True, attention_bias=False, mlp_bias=False, bos_token_id=0, eos_token_id=0, pad_token_id=1,
        initializer_range=0.03))


def batches(tok, seed, size):
    """Rows of ROW tokens, each beginning with a document and filled up with more of them."""
    stream, queue, rows = world.documents(seed), iter(()), []
    while True:
        row = []
        while len(row) < ROW:
            ids = next(queue, None)
            if ids is None:
                chunk = [d + EOS for d in itertools.islice(stream, 2000)]
                queue = iter([e.ids for e in tok.backend_tokenizer.encode_batch(chunk)])
                continue
            row += ids
        rows.append(row[:ROW])
        if len(rows) == size:
            yield torch.tensor(rows)
            rows = []


def probes(tok, seed, n=150):
    """Held-out documents split at the answer, by kind."""
    rng, out = random.Random(seed), {}
    for maker in (tasks.call, tasks.free_call, tasks.echo, tasks.pick):
        rows = []
        for _ in range(n):
            text = maker(rng)
            line, rest = text.split("\n", 1)
            cut = len(line) + 1 + rest.index(":") + 1
            rows.append(encode(tok, text[:cut], text[cut:]))
        out[maker.__name__] = rows
    return out


def say(model, tok, prompt, n=60, temperature=0.0):
    """A greedy (or sampled) continuation."""
    ids = torch.tensor([tok(prompt)["input_ids"] or [tok.eos_token_id]])
    model.eval()
    out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=n, do_sample=temperature > 0,
                         **(dict(temperature=temperature) if temperature else {}))
    model.train()
    return tok.decode(out[0][ids.shape[1]:], skip_special_tokens=True)


def patch(path, **more):
    """Add the keys that older readers look for."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}, indent=2) + "\n")


def save(model, tok, out):
    """config, f16 weights, tokenizer, generation config."""
    out.mkdir(parents=True, exist_ok=True)
    tok.save_pretrained(out)
    patch(out / "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast", chat_template=CHAT)
    (out / "chat_template.jinja").unlink(missing_ok=True)
    copy = make_model(model.config.vocab_size)
    copy.load_state_dict(model.state_dict())
    copy.half().save_pretrained(out, safe_serialization=True)
    patch(out / "config.json", rope_theta=10000.0, torch_dtype="float16")
    (out / "model.safetensors").chmod(0o644)
    (out / "generation_config.json").write_text(json.dumps(
        dict(bos_token_id=0, eos_token_id=0, pad_token_id=1, do_sample=True, temperature=0.7, top_p=0.95), indent=2) + "\n")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--tokens", type=float, default=11e6)
    args.add_argument("--vocab", type=int, default=2048)
    args.add_argument("--batch", type=int, default=32)
    args.add_argument("--muon", type=float, default=0.02)
    args.add_argument("--lr", type=float, default=4e-3)
    args.add_argument("--seed", type=int, default=7)
    args.add_argument("--out", type=pathlib.Path, default=HERE.parents[2] / "public" / "models" / "ember")
    args = args.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    tok, start = make_tokenizer(args.vocab), time.time()
    model = make_model(args.vocab)
    print(sum(p.numel() for p in model.parameters()), "parameters")
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    optimizers = [torch.optim.Muon(matrices, lr=args.muon, weight_decay=0.01, momentum=0.95),
                  torch.optim.AdamW(others, lr=args.lr, betas=(0.9, 0.95), weight_decay=0.01)]
    schedules = []
    steps = int(args.tokens / args.batch / ROW)
    for o in optimizers:
        schedules.append(torch.optim.lr_scheduler.LambdaLR(o, lambda s: min((s + 1) / 60, 1.0) * (
            0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, s / steps))))))
    held, average = probes(tok, 10 ** 6), None
    for step, x in enumerate(itertools.islice(batches(tok, args.seed, args.batch), steps), 1):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(input_ids=x).logits
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, args.vocab).float(), x[:, 1:].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        for o, s in zip(optimizers, schedules):
            o.step(), s.step(), o.zero_grad(set_to_none=True)
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        if step % 250 == 0 or step == steps:
            scores = {k: round(exact_match(model, rows)[0], 2) for k, rows in held.items()}
            print(f"step {step}/{steps} loss {average:.3f} minutes {(time.time() - start) / 60:.1f} {scores}", flush=True)
            save(model, tok, args.out)
    for prompt in ("One day,", "Once upon a time, there was a brave", "User: Hello, I am Mia\nAssistant:",
                   "User: Tell me a story about Tom\nAssistant:", "User: What is a wolf?\nAssistant:"):
        print("|", prompt + say(model, tok, prompt), flush=True)


if __name__ == "__main__":
    main()
