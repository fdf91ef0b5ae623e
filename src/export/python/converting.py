"""Merged weights and GGUF, each read again."""


def merge_stage(args, out, tokenizer):
    """16-bit weights with the adapter inside; on a CPU in f32."""
    from peft import PeftModel

    done = out / ("model" if WEIGHTS == "full" else "merged")
    if done.exists():
        return done
    part = out / "merged.part"
    model = PeftModel.from_pretrained(base_model(args.model, False, device_map={"": "cpu"}), str(out / "adapter"))
    model.merge_and_unload().save_pretrained(str(part))
    tokenizer.save_pretrained(str(part))
    os.replace(part, done)
    return done


def llama_cpp(args, out):
    """The folder of convert_hf_to_gguf.py, and llama-quantize if it is there; None and why where it cannot be had."""
    folder = Path(args.llama_cpp) if args.llama_cpp else out.parent / "llama.cpp"
    if not args.llama_cpp and not folder.exists() and shutil.which("git") and JOB["gguf"]:
        address = "https://github.com/ggml-org/llama.cpp"
        subprocess.run(["git", "clone", "-q", "--depth", "1", address, str(folder)], check=False, timeout=600)
        if shutil.which("cmake") and folder.exists():
            build = ["cmake", "-S", str(folder), "-B", str(folder / "build"), "-DLLAMA_CURL=OFF", "-DGGML_NATIVE=OFF"]
            subprocess.run(build, check=False, stdout=subprocess.DEVNULL)
            make = ["cmake", "--build", str(folder / "build"), "--target", "llama-quantize", "-j"]
            subprocess.run(make, check=False, stdout=subprocess.DEVNULL)
    converter = folder / "convert_hf_to_gguf.py"
    quantizer = shutil.which("llama-quantize") or folder / "build" / "bin" / "llama-quantize"
    return (converter if converter.exists() else None), (quantizer if Path(quantizer).exists() else None)


def gguf_stage(args, out, merged, notes):
    converter, quantizer = llama_cpp(args, out)
    if not converter:
        notes.append("No GGUF: llama.cpp's converter is not here. Fetch the result and use `burnish export --format gguf`.")
        return []
    made = []
    for quant in JOB["gguf"]:
        target = out / f"model-{quant}.gguf"
        part = target.with_suffix(".part")
        if not target.exists():
            convert = [sys.executable, str(converter), str(merged), "--outfile"]
            if quant == "Q8_0":
                command = [*convert, str(part), "--outtype", "q8_0"]
            elif quantizer:
                wide = out / "model-F16.part"
                if not wide.exists():
                    subprocess.run([*convert, str(wide), "--outtype", "f16"], check=True, stdout=subprocess.DEVNULL)
                command = [str(quantizer), str(wide), str(part), quant]
            else:
                notes.append(f"No {quant}: llama-quantize is not here. `burnish export --format gguf --quant q4_k_m` makes it.")
                continue
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                notes.append(f"No {quant}: the converter says {done.stderr.strip()[-300:]}")
                continue
            os.replace(part, target)
        test = gguf_self_test(target, merged)
        emit(out, "gguf", file=target.name, **test)
        made.append({"file": target.name, "quant": quant, "selfTest": test})
    (out / "model-F16.part").unlink(missing_ok=True)
    return made


# Root mean square of the error over that of the weight, which each format keeps to on normal weights.
GGUF_ERROR = {"Q8_0": 0.01, "Q4_K_M": 0.12}


def gguf_self_test(path, merged):
    """The file, read again: down projections of the first and last block against the merged weights."""
    import numpy
    from gguf import GGUFReader
    from gguf.quants import dequantize
    from safetensors import safe_open

    tensors = {tensor.name: tensor for tensor in GGUFReader(str(path)).tensors}
    last = max(int(name.split(".")[1]) for name in tensors if name.startswith("blk."))
    worst = 0.0
    for block in {0, last}:
        tensor = tensors[f"blk.{block}.ffn_down.weight"]
        name = f"model.layers.{block}.mlp.down_proj.weight"
        for file in sorted(Path(merged).glob("*.safetensors")):
            with safe_open(str(file), "pt") as weights:
                if name in weights.keys():
                    right = weights.get_tensor(name).float().numpy()
        read = dequantize(tensor.data, tensor.tensor_type).reshape(right.shape)
        worst = max(worst, float(numpy.sqrt(((read - right) ** 2).mean() / (right**2).mean())))
    limit = GGUF_ERROR[path.stem.removeprefix("model-")]
    return {"ok": worst <= limit, "error": worst, "limit": limit}
