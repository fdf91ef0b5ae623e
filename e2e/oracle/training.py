"""The judges' training loop: optimizers and schedules of torch, PEFT, bitsandbytes and transformers, as a recipe names them."""
import torch
from peft.optimizers import create_loraplus_optimizer
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_with_min_lr_schedule_with_warmup,
    get_linear_schedule_with_warmup,
    get_wsd_schedule,
)

import common


def make_optimizer(model, optimizer, schedule, plus_ratio=1):
    """AdamW, or PEFT's LoRA+ around it, and Hugging Face's own schedule, from the recipe's sections."""
    decay = optimizer["weightDecay"]
    if optimizer.get("kind") == "sgd":
        parameters = common.adapter_parameters(model).values()
        rate, momentum = optimizer["learningRate"], optimizer.get("momentum", 0.9)
        sgd = torch.optim.SGD(parameters, lr=rate, momentum=momentum, weight_decay=decay)
        return sgd, make_schedule(sgd, schedule)
    if optimizer.get("kind") == "adamw8":
        adamw8 = flat_adamw8(model, optimizer)
        return adamw8, make_schedule(adamw8, schedule)
    settings = dict(
        lr=optimizer["learningRate"], betas=(optimizer["beta1"], optimizer["beta2"]), eps=optimizer["epsilon"],
        weight_decay=decay, foreach=False,
    )
    if plus_ratio == 1:
        adamw = torch.optim.AdamW(common.adapter_parameters(model).values(), **settings)
    else:
        adamw = create_loraplus_optimizer(
            model, torch.optim.AdamW, loraplus_lr_ratio=plus_ratio, loraplus_weight_decay=decay, **settings
        )
    return adamw, make_schedule(adamw, schedule)


def flat_adamw8(model, optimizer):
    """bitsandbytes' AdamW8bit over one flat parameter, laid out as Burnish's: its blocks of 256 are then the same.

    Every A, then every B, by layer and projection; ranks padded to a multiple of 4, matrices to 64 values.
    """
    import bitsandbytes

    def place(name):
        layer = int(name.split(".layers.")[1].split(".")[0])
        return ("lora_B" in name, layer, next(i for i, part in enumerate(common.PROJECTIONS) if f".{part}." in name))

    named = common.adapter_parameters(model)
    slots, length = [], 0
    for name in sorted(named, key=place):
        rows, columns = named[name].shape
        padded = (rows, -(-columns // 4) * 4) if "lora_B" in name else (-(-rows // 4) * 4, columns)
        slots.append((named[name], length, padded))
        length += -(-padded[0] * padded[1] // 64) * 64
    flat = torch.nn.Parameter(torch.zeros(length))
    own = lambda values, at, padded, shape: values[at:at + padded[0] * padded[1]].view(padded)[:shape[0], :shape[1]]

    def gather(*_):
        flat.grad = torch.zeros(length)
        for parameter, at, padded in slots:
            own(flat.data, at, padded, parameter.shape).copy_(parameter.data)
            own(flat.grad, at, padded, parameter.shape).copy_(parameter.grad)
            parameter.grad = None

    def scatter(*_):
        for parameter, at, padded in slots:
            parameter.data.copy_(own(flat.data, at, padded, parameter.shape))

    made = bitsandbytes.optim.AdamW8bit(
        [flat], lr=optimizer["learningRate"], betas=(optimizer["beta1"], optimizer["beta2"]), eps=optimizer["epsilon"],
        weight_decay=optimizer["weightDecay"], min_8bit_size=0,
    )
    made.register_step_pre_hook(gather)
    made.register_step_post_hook(scatter)
    return made


def make_schedule(adamw, schedule):
    kind, warmup, steps, minimum = schedule["kind"], schedule["warmup"], schedule["steps"], schedule.get("minimum", 0)
    if kind == "constant":
        return get_constant_schedule_with_warmup(adamw, warmup)
    if kind == "linear":
        return get_linear_schedule_with_warmup(adamw, warmup, steps)
    if kind == "cosine":
        return get_cosine_with_min_lr_schedule_with_warmup(adamw, warmup, steps, min_lr_rate=minimum)
    decay = schedule.get("decay") or max(1, round(steps / 5))
    return get_wsd_schedule(adamw, warmup, decay, num_training_steps=steps, min_lr_ratio=minimum)


def train(peft_model, rows, order, optimizer, schedule, plus_ratio=1):
    """`steps` of an adapter, by the recipe's optimizer and schedule."""
    adamw, scheduler = make_optimizer(peft_model, optimizer, schedule, plus_ratio)
    parameters = list(common.adapter_parameters(peft_model).values())
    return steps(peft_model, parameters, rows, order, [adamw], [scheduler], optimizer["maxGradNorm"])


def steps(model, parameters, rows, order, optimizers, schedulers, limit):
    """Yields {step, loss, gradNorm, lr}. `order[i]` lists the micro-batches of step i, each a list of row numbers.

    One loss normalisation per step: the labelled tokens of all its micro-batches. gradNorm is taken before clipping to
    `limit`, where that is above 0. The rate told is that of the first optimizer.
    """
    for step, micro_batches in enumerate(order, start=1):
        count = sum(label != -100 for batch in micro_batches for row in batch for label in rows[row]["labels"][1:])
        loss = 0.0
        for batch in micro_batches:
            total = sum(common.row_nll(model, rows[row])[0] for row in batch) / count
            total.backward()
            loss += float(total.detach())
        norm = torch.nn.utils.clip_grad_norm_(parameters, limit if limit > 0 else float("inf"))
        lr = schedulers[0].get_last_lr()[0]
        for one in optimizers + schedulers:
            one.step()
        model.zero_grad()
        yield {"step": step, "loss": loss, "gradNorm": float(norm), "lr": lr}
