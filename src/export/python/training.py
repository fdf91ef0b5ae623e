"""The base model, TRL's trainer with every setting of the recipe, and the stage that leaves an adapter."""


def base_model(name, quantised, **settings):
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    if JOB["base"].get("revision") and name == JOB["base"]["name"]:
        settings["revision"] = JOB["base"]["revision"]
    if quantised and torch.cuda.is_available():
        settings["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
            # FSDP shards what looks like 16-bit numbers.
            bnb_4bit_quant_storage=torch.bfloat16,
        )
    if torch.cuda.is_available() and "WORLD_SIZE" not in os.environ:
        settings.setdefault("device_map", "auto" if torch.cuda.device_count() > 1 else {"": 0})
    elif quantised and os.environ.get("ACCELERATE_USE_FSDP") != "true":
        settings.setdefault("device_map", {"": int(os.environ.get("LOCAL_RANK", "0"))})
    return AutoModelForCausalLM.from_pretrained(name, dtype=number_type(), **settings)


def starting_model(name):
    """What the run begins with, and the base arm of its evaluation: the model, or random weights of its shape."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    if RECIPE["trains"] != "full" or RECIPE["start"] != "scratch":
        return base_model(name, WEIGHTS == "qlora")
    torch.manual_seed(SEED)
    config = AutoConfig.from_pretrained(name)
    config.initializer_range = RECIPE["full"]["initStd"]
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32)


def start_adapter(model, args):
    """The adapter that the recipe goes on from; TRL then keeps a copy of it as the reference of DPO and GRPO."""
    from peft import PeftModel, prepare_model_for_kbit_training

    if WEIGHTS == "qlora" and getattr(model, "is_loaded_in_4bit", False):
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=JOB["checkpointing"])
    return PeftModel.from_pretrained(model, str(Path(args.start[0]).parent), is_trainable=True)


def require_start(args):
    """Before anything is loaded: what the recipe goes on from must be here."""
    if RECIPE["start"] != "adapter" or (WEIGHTS != "full" and args.start):
        return
    if WEIGHTS == "full" and args.model != JOB["base"]["name"]:
        return
    what = "--model FOLDER of those weights" if WEIGHTS == "full" else "--start adapter_config.json adapter_model.safetensors"
    sys.exit(f"The recipe goes on from what was trained before. Name it: {what}")


def choose_weights(model):
    """Of full weights those that the recipe names learn."""
    only, freeze = RECIPE["full"]["train"], RECIPE["full"]["freeze"]
    for name, weight in model.named_parameters():
        named = lambda patterns: any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        weight.requires_grad_((not only or named(only)) and not named(freeze))


def number_type():
    """bf16 where the GPU has it, or 4-bit weights need it; f16 on a T4; on a CPU f32. Full weights learn in f32."""
    import torch

    if not torch.cuda.is_available() or WEIGHTS == "full":
        return torch.float32
    own = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if own or WEIGHTS == "qlora" else torch.float16


def mixed_precision():
    import torch

    if not torch.cuda.is_available():
        return {"bf16": False, "use_cpu": True}
    return {"bf16": True} if torch.cuda.is_bf16_supported(including_emulation=WEIGHTS == "qlora") else {"fp16": True, "bf16": False}


def lora_config():
    from peft import LoraConfig

    lora = RECIPE["lora"]
    return LoraConfig(
        r=lora["rank"],
        lora_alpha=lora["alpha"],
        lora_dropout=lora["dropout"],
        target_modules=lora["targets"],
        use_rslora=lora["useRslora"],
        use_dora=lora["useDora"],
        rank_pattern=lora["rankPattern"],
        alpha_pattern=lora["alphaPattern"],
        init_lora_weights="gaussian" if lora["init"] == "gaussian" else True,
        task_type="CAUSAL_LM",
    )


def schedule_settings():
    kind, minimum = RECIPE["schedule"]["kind"], RECIPE["schedule"]["minimum"]
    if kind == "warmup_stable_decay":
        steps = {"num_decay_steps": JOB["decaySteps"], "min_lr_ratio": minimum}
        return {"lr_scheduler_type": kind, "lr_scheduler_kwargs": steps}
    if kind == "cosine" and minimum > 0:
        return {"lr_scheduler_type": "cosine_with_min_lr", "lr_scheduler_kwargs": {"min_lr_rate": minimum}}
    return {"lr_scheduler_type": "constant_with_warmup" if kind == "constant" else kind}


def method_settings():
    if METHOD == "sft":
        return {"max_length": DATA["maxLength"], "loss_type": RECIPE["sft"]["lossType"], **LOSSES[DATA["loss"]]}
    if METHOD == "dpo":
        dpo = RECIPE["dpo"]
        return {
            "max_length": DATA["maxLength"],
            "loss_type": [dpo["lossType"]],
            "beta": dpo["beta"],
            "label_smoothing": dpo["labelSmoothing"],
            "precompute_ref_log_probs": dpo["precomputeReference"],
            # TRL would switch LoRA's own dropout off, too.
            "disable_dropout": False,
        }
    grpo = RECIPE["grpo"]
    return {
        "num_generations": grpo["numGenerations"],
        "max_completion_length": grpo["maxCompletionLength"],
        "temperature": grpo["temperature"],
        "loss_type": grpo["lossType"],
        "beta": grpo["beta"],
        "use_bias_correction_kl": grpo["biasCorrectedKl"],
        "epsilon": grpo["epsilon"],
        "epsilon_high": grpo["epsilonHigh"] or None,
        "scale_rewards": grpo["scaleRewards"],
        "num_iterations": grpo["numIterations"],
        "reward_weights": [reward["weight"] for reward in grpo["rewards"]],
    }


def training_settings(out, held):
    """TRL counts answers where the recipe counts prompts; several GPUs share the recipe's batch."""
    optimizer, schedule = RECIPE["optimizer"], RECIPE["schedule"]
    world = int(os.environ.get("WORLD_SIZE", "1"))
    size = BATCH["size"] * (RECIPE["grpo"]["numGenerations"] if METHOD == "grpo" else 1)
    each, accumulate = JOB["perDevice"] or size, BATCH["accumulate"]
    return dict(
        output_dir=str(out / "checkpoints"),
        max_steps=schedule["steps"],
        per_device_train_batch_size=each,
        per_device_eval_batch_size=each,
        gradient_accumulation_steps=max(1, round(size * accumulate / (each * world))),
        gradient_checkpointing=JOB["checkpointing"],
        learning_rate=JOB["learningRate"],
        warmup_steps=schedule["warmup"],
        **({"optim": "adamw_bnb_8bit"} if optimizer["kind"] == "adamw8" else {}),
        **({"optim": "sgd", "optim_args": f"momentum={optimizer['momentum']}"} if optimizer["kind"] == "sgd" else {}),
        adam_beta1=optimizer["beta1"],
        adam_beta2=optimizer["beta2"],
        adam_epsilon=optimizer["epsilon"],
        weight_decay=optimizer["weightDecay"],
        max_grad_norm=optimizer["maxGradNorm"],
        seed=SEED,
        logging_steps=1,
        eval_strategy="steps" if held is not None and len(held) else "no",
        eval_steps=RECIPE["evaluate"]["every"] or schedule["steps"],
        save_strategy="steps",
        save_steps=JOB["saveEvery"],
        save_total_limit=2,
        report_to="none",
        disable_tqdm=True,
        **schedule_settings(),
        **method_settings(),
        **mixed_precision(),
    )


def watcher(out):
    """Events for the log, Trackio where it is installed, and an end at the next step when asked to stop."""
    from transformers import TrainerCallback

    try:
        import trackio

        trackio.init(project="burnish", name=JOB["name"], config=RECIPE, space_id=os.environ.get("TRACKIO_SPACE_ID"))
    except Exception as error:  # charts may fail, the run may not
        trackio = None
        print(f"No Trackio: {error}", file=sys.stderr)

    class Watcher(TrainerCallback):
        def on_log(self, _, state, control, logs=None, **__):
            if not state.is_world_process_zero:
                return
            numbers = {key: float(value) for key, value in (logs or {}).items() if isinstance(value, (int, float))}
            kind = "eval" if any(key.startswith("eval_") for key in numbers) else "step"
            if "train_runtime" not in numbers:
                shown = {key: finite(value) for key, value in numbers.items()}
                emit(out, kind, **{**shown, "step": state.global_step, "steps": state.max_steps})
            try:
                if trackio:
                    trackio.log(numbers, step=state.global_step)
            except Exception as error:
                print(f"Trackio: {error}", file=sys.stderr)

        def on_step_end(self, _, state, control, **__):
            if stopping:
                control.should_save = control.should_training_stop = True

        def on_save(self, _, state, control, **__):
            if state.is_world_process_zero:
                emit(out, "checkpoint", step=state.global_step)

    return Watcher()


def last_checkpoint(out):
    """The newest that was written whole: trainer_state.json comes last."""
    folders = sorted((out / "checkpoints").glob("checkpoint-*"), key=lambda path: int(path.name.rsplit("-", 1)[1]))
    for folder in reversed(folders):
        try:
            if json.loads((folder / "trainer_state.json").read_text("utf-8"))["global_step"] > 0:
                return str(folder)
        except (OSError, ValueError, KeyError):
            # Half a checkpoint of a run that was killed.
            shutil.rmtree(folder, ignore_errors=True)
    return None


def in_our_order(trainer):
    """The page's batches, one after another; on several GPUs and for sampled answers TRL's own order stays."""
    import torch

    total = trainer.args.max_steps * trainer.args.gradient_accumulation_steps
    order = batches(len(trainer.train_dataset), trainer.args.per_device_train_batch_size, SEED, total)

    def loader():
        dataset = trainer._remove_unused_columns(trainer.train_dataset, description="training")
        made = torch.utils.data.DataLoader(dataset, batch_sampler=order, collate_fn=trainer.data_collator)
        return trainer.accelerator.prepare(made)

    trainer.get_train_dataloader = loader


def fingerprint(trainer):
    """SHA-256 of the ids and labels of all training rows, as src/data/trl-rows.ts writes them."""
    digest, most = hashlib.sha256(), DATA["maxLength"]
    line = lambda ids, labels: digest.update(f"{','.join(map(str, ids))};{','.join(map(str, labels))}\n".encode())
    for row in trainer.train_dataset:
        if METHOD == "sft":
            line(row["input_ids"], row["labels"])
        else:
            prompt = row["prompt_ids"]
            for answer in (row["chosen_ids"], row["rejected_ids"]):
                line((prompt + answer)[:most], ([-100] * len(prompt) + answer)[:most])
    return digest.hexdigest()


def make_trainer(args, out, tokenizer, train, held):
    import torch
    import trl
    from transformers import PrinterCallback

    names = {"sft": "SFT", "dpo": "DPO", "grpo": "GRPO"}
    config = getattr(trl, f"{names[METHOD]}Config")(**training_settings(out, held))
    more = {}
    if METHOD == "grpo":
        grpo = RECIPE["grpo"]
        requires_python(grpo["rewards"])
        functions = [reward_function(one, place, grpo["maxCompletionLength"]) for place, one in enumerate(grpo["rewards"])]
        more["reward_funcs"] = functions
    model = starting_model(args.model)
    if WEIGHTS != "full" and RECIPE["start"] == "adapter":
        model = start_adapter(model, args)
    elif WEIGHTS != "full":
        more["peft_config"] = lora_config()
    if RECIPE["trains"] == "full":
        choose_weights(model)
    trainer = getattr(trl, f"{names[METHOD]}Trainer")(
        model,
        args=config,
        train_dataset=train,
        eval_dataset=held if held is not None and len(held) else None,
        processing_class=tokenizer,
        callbacks=[watcher(out)],
        **more,
    )
    trainer.remove_callback(PrinterCallback)
    if METHOD != "grpo" and trainer.accelerator.num_processes == 1 and not JOB["perDevice"]:
        in_our_order(trainer)
    lora, optimizer = RECIPE["lora"], RECIPE["optimizer"]
    if optimizer["kind"] == "muon":
        trainer.optimizer = muon_and_adamw(trainer.model)
    if lora["plusRatio"] != 1 and WEIGHTS != "full":
        from peft.optimizers import create_loraplus_optimizer

        trainer.optimizer = create_loraplus_optimizer(
            trainer.model,
            torch.optim.AdamW,
            lr=JOB["learningRate"],
            loraplus_lr_ratio=lora["plusRatio"],
            loraplus_weight_decay=optimizer["weightDecay"],
            weight_decay=optimizer["weightDecay"],
            betas=(optimizer["beta1"], optimizer["beta2"]),
            eps=optimizer["epsilon"],
        )
    return trainer


def train_stage(args, out, tokenizer):
    """Leaves out/adapter, or out/model of full weights. False: it was asked to stop."""
    import torch

    done = out / ("model" if WEIGHTS == "full" else "adapter")
    if done.exists():
        return True
    train, held = split(args, tokenizer)
    trainer = make_trainer(args, out, tokenizer, train, held)
    main = trainer.is_world_process_zero()
    matches = None
    if JOB["fingerprint"] and METHOD != "grpo":
        matches = fingerprint(trainer) == JOB["fingerprint"]
        if not matches:
            message = "This TRL prepares other tokens or labels than the page showed; nothing was trained."
            emit(out, "error", code="tokens", message=message)
            sys.exit(3)
    start = last_checkpoint(out)
    if main:
        sizes = {"trainRows": len(trainer.train_dataset), "evalRows": len(held) if held is not None else 0}
        step = int(start.rsplit("-", 1)[1]) if start else 0
        emit(out, "start", steps=trainer.args.max_steps, step=step, tokensMatch=matches, **sizes)
    began = time.time()
    trainer.train(resume_from_checkpoint=start)
    if main:
        peak = torch.cuda.max_memory_reserved() if torch.cuda.is_available() else None
        emit(out, "trained", step=trainer.state.global_step, seconds=time.time() - began, peakBytes=peak)
    if trainer.state.global_step < trainer.args.max_steps:
        return False
    if trainer.is_fsdp_enabled:
        trainer.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
    part = out / f"{done.name}.part"
    trainer.save_model(str(part))
    if main:
        (part / "training_args.bin").unlink(missing_ok=True)
        # TRL's copy of the start.
        shutil.rmtree(part / "ref", ignore_errors=True)
        os.replace(part, done)
    return True
