"""The stages in their order, and result.json."""


def result_of(out, status, evaluation, gguf, notes, began):
    import peft
    import torch
    import transformers
    import trl

    kept = [path for path in sorted(out.rglob("*")) if path.is_file() and "checkpoints" not in path.parts]
    kept = [path for path in kept if path.suffix != ".part" and path.name not in ("result.json", "events.jsonl")]
    started, trained = events(out, "start"), events(out, "trained")
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    last = started[-1] if started else {"trainRows": 0, "evalRows": 0, "tokensMatch": None}
    curve = lambda kind, name: [{"step": step, "loss": event[name]} for step, event in sorted(last_of(out, kind, name).items())]
    losses = curve("step", "loss")
    return {
        "version": 1,
        "status": status,
        "name": JOB["name"],
        "method": METHOD,
        "weights": WEIGHTS,
        "base": JOB["base"],
        "recipe": RECIPE,
        "data": {"trainRows": last["trainRows"], "evalRows": last["evalRows"]},
        "steps": max((point["step"] for point in losses), default=0),
        "seconds": {"training": sum(event["seconds"] for event in trained), "all": time.time() - began},
        "tokensMatch": last["tokensMatch"],
        "resumed": max(0, len(started) - 1),
        "losses": losses,
        "evals": curve("eval", "eval_loss"),
        "evaluation": evaluation,
        "gguf": gguf,
        "files": [{"path": path.relative_to(out).as_posix(), "bytes": path.stat().st_size, "sha256": sha256(path)} for path in kept],
        "device": f"{gpus} \u00d7 {torch.cuda.get_device_name()}" if gpus else "cpu",
        "peakBytes": max((event["peakBytes"] or 0 for event in trained), default=0) or None,
        "versions": {one.__name__: one.__version__ for one in (torch, transformers, peft, trl)},
        "notes": notes,
    }


def last_of(out, kind, name):
    """By step; one that was done again after a kill counts as it was done last."""
    return {event["step"]: event for event in events(out, kind) if name in event}


def launch(args, out):
    """The training stage on every GPU of this machine, by accelerate."""
    config = out / "accelerate.json"
    write_whole(config, json.dumps(JOB["accelerate"], indent=1))
    own = ["--stage", "train", "--data", args.data, "--model", args.model, "--out", str(out)]
    own += ["--eval", args.eval] if args.eval else []
    own += ["--start", *args.start] if args.start else []
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(config), __file__, *own]
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGTERM))
    code = child.wait()
    if code not in (0, INTERRUPTED):
        sys.exit(code)
    return code == 0


def stop(*_):
    global stopping
    stopping = True


def main():
    from transformers import AutoTokenizer

    args, began = arguments(), time.time()
    require_start(args)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, stop)
    print(f"Loading {args.model}", flush=True)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    several = JOB["accelerate"] and "RANK" not in os.environ and args.stage == "all"
    complete = args.stage == "finish" or (launch(args, out) if several else train_stage(args, out, tokenizer))
    if args.stage == "train":
        sys.exit(0 if complete else INTERRUPTED)
    notes = []
    if not complete:
        notes.append("Stopped before the last step; the same command goes on from the last checkpoint.")
        write_whole(out / "result.json", json.dumps(result_of(out, "interrupted", None, [], notes, began), indent=1))
        emit(out, "interrupted")
        sys.exit(INTERRUPTED)
    evaluation = evaluate_stage(args, out, tokenizer)
    gguf = []
    if JOB["gguf"] or JOB["merge"]:
        merged = merge_stage(args, out, tokenizer)
        gguf = gguf_stage(args, out, merged, notes) if JOB["gguf"] else []
    result = result_of(out, "done", evaluation, gguf, notes, began)
    write_whole(out / "result.json", json.dumps(result, ensure_ascii=False, indent=1))
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    emit(out, "done", seconds=result["seconds"]["all"])


if __name__ == "__main__":
    main()
