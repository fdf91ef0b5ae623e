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


def ran(command, notes, what):
    """Whether it ended well; where not, a note: what was trained is whole without it."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=3 * 3600)
    except (OSError, subprocess.TimeoutExpired) as error:
        notes.append(f"{what}: {error}")
        return False
    if done.returncode != 0:
        notes.append(f"{what}: {done.stderr.strip()[-300:]}")
    return done.returncode == 0


def tool(name):
    """On the PATH, or beside this Python, where `uv run` puts what the header asks for."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def converter_of(args, out, notes):
    """llama.cpp's folder and its convert_hf_to_gguf.py, fetched by git where no folder was named; None where it cannot be had."""
    folder = Path(args.llama_cpp) if args.llama_cpp else out.parent / "llama.cpp"
    if not args.llama_cpp and not folder.exists() and tool("git"):
        address = "https://github.com/ggml-org/llama.cpp"
        ran([tool("git"), "clone", "-q", "--depth", "1", address, str(folder)], notes, "llama.cpp cannot be fetched")
    converter = folder / "convert_hf_to_gguf.py"
    return folder, (converter if converter.exists() else None)


def quantizer_of(folder, notes):
    """llama-quantize of the PATH or of llama.cpp's folder, else built there by cmake; None where that fails."""
    built = folder / "build" / "bin" / "llama-quantize"
    found = next((str(one) for one in (built, folder / "llama-quantize") if one.exists()), None) or tool("llama-quantize")
    if found or not (folder / "CMakeLists.txt").exists():
        return found
    cmake = tool("cmake")
    if not cmake:
        return None
    off = [f"-D{name}=OFF" for name in ("GGML_NATIVE", "LLAMA_CURL", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES", "LLAMA_BUILD_SERVER")]
    configure = [cmake, "-S", str(folder), "-B", str(folder / "build"), "-DCMAKE_BUILD_TYPE=Release", *off]
    make = [cmake, "--build", str(folder / "build"), "--target", "llama-quantize", "-j", str(os.cpu_count() or 1)]
    what = "llama-quantize cannot be built"
    return str(built) if ran(configure, notes, what) and ran(make, notes, what) and built.exists() else None


def gguf_stage(args, out, merged, notes):
    folder, converter = converter_of(args, out, notes)
    if not converter:
        notes.append("No GGUF: llama.cpp's converter is not here. Fetch the result and use `burnish export --format gguf`.")
        return []
    convert, wide, made = [sys.executable, str(converter), str(merged), "--outfile"], out / "model-F16.part", []
    for quant in JOB["gguf"]:
        target = out / f"model-{quant}.gguf"
        part = target.with_suffix(".part")
        if not target.exists():
            what = f"No {quant}"
            if quant == "Q8_0":
                command = [*convert, str(part), "--outtype", "q8_0"]
            else:
                quantizer = quantizer_of(folder, notes)
                if not quantizer:
                    notes.append(f"{what}: llama-quantize is not here. `burnish export --format gguf --quant q4_k_m` makes it.")
                    continue
                if not wide.exists() and not ran([*convert, str(wide), "--outtype", "f16"], notes, what):
                    continue
                command = [quantizer, str(wide), str(part), quant]
            if not ran(command, notes, what):
                continue
            os.replace(part, target)
        test = gguf_self_test(target, merged)
        emit(out, "gguf", file=target.name, **test)
        made.append({"file": target.name, "quant": quant, "selfTest": test})
        if not test["ok"]:
            notes.append(f"{target.name} is not the merged model within {test['limit']}: {test['error']}. Do not use it.")
    wide.unlink(missing_ok=True)
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
