"""Every way that train.py has to a GGUF: no converter, no quantiser, a converter that fails, and llama.cpp's own for both.

    check_converting.py --script train.py --tokenizer DIR --llama-cpp DIR --library DIR

The model is random, with rows of 256 and 512, which K-quants need. `llama-quantize` is llama.cpp's llama_model_quantize of the
library that npm ships. Ends with "N passed, N failed".
"""
import argparse
import stat
import sys
import tempfile
from pathlib import Path

from verdict import Verdict

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for flag in ("--script", "--tokenizer", "--llama-cpp", "--library"):
    parser.add_argument(flag, required=True)
args = parser.parse_args()
verdict = Verdict()
check = verdict.check


CONVERTER = """import runpy, sys
folder = {folder!r}
sys.path[:0] = [folder, folder + '/gguf-py']
from conversion.base import TextModel
TextModel.get_vocab_base_pre = lambda self, tokenizer: 'gpt-2'
runpy.run_path(folder + '/convert_hf_to_gguf.py', run_name='__main__')
"""
QUANTIZER = """#!{python}
import ctypes, sys
from pathlib import Path
folder = Path({folder!r})
class Params(ctypes.Structure):
    _fields_ = [('threads', ctypes.c_int32), ('file_type', ctypes.c_int32), ('rest', ctypes.c_uint8 * 248)]
load = lambda pattern: ctypes.CDLL(str(next(folder.glob(pattern))), ctypes.RTLD_GLOBAL)
load('libggml-base.so')
ggml, llama = load('libggml.v*.so'), load('libllama.v*.so')
ggml.ggml_backend_load_all_from_path(str(folder).encode())
llama.llama_backend_init()
llama.llama_model_quantize_default_params.restype = Params
params = llama.llama_model_quantize_default_params()
params.threads, params.file_type = 2, dict(Q4_K_M=15)[sys.argv[3]]
sys.exit(llama.llama_model_quantize(sys.argv[1].encode(), sys.argv[2].encode(), ctypes.byref(params)))
"""


def merged_model(folder):
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(args.tokenizer)
    torch.manual_seed(1)
    shape = dict(hidden_size=256, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2)
    LlamaForCausalLM(LlamaConfig(**shape, vocab_size=len(tokenizer), max_position_embeddings=128)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


script = Path(args.script)
program = {"__name__": "train", "__file__": str(script.resolve())}
exec(compile(script.read_text("utf-8"), str(script), "exec"), program)
program["tool"] = lambda name: None
with tempfile.TemporaryDirectory() as root:
    root = Path(root)
    merged_model(root / "merged")

    def stage(name, files):
        folder, out, notes = root / f"{name}.cpp", root / name, []
        folder.mkdir()
        out.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text, "utf-8")
            (folder / file).chmod(stat.S_IRWXU)
        made = program["gguf_stage"](argparse.Namespace(llama_cpp=str(folder)), out, root / "merged", notes)
        return {one["quant"]: one["selfTest"]["ok"] for one in made}, " ".join(notes)

    converter = {"convert_hf_to_gguf.py": CONVERTER.format(folder=str(Path(args.llama_cpp).resolve()))}
    made, notes = stage("none", {})
    check(made == {} and "converter is not here" in notes, f"no converter: {made} {notes}")
    made, notes = stage("failing", {"convert_hf_to_gguf.py": "import sys; sys.exit('no such model')\n"})
    check(made == {} and "no such model" in notes, f"a converter that fails: {made} {notes}")
    made, notes = stage("alone", converter)
    check(made == {"Q8_0": True} and "llama-quantize is not here" in notes, f"no quantiser: {made} {notes}")
    quantizer = QUANTIZER.format(python=sys.executable, folder=str(Path(args.library).resolve()))
    made, notes = stage("both", {**converter, "llama-quantize": quantizer})
    check(made == {"Q4_K_M": True, "Q8_0": True} and notes == "", f"both: {made} {notes}")
    from gguf import GGUFReader

    types = {tensor.tensor_type.name for tensor in GGUFReader(str(root / "both" / "model-Q4_K_M.gguf")).tensors}
    check({"Q4_K", "Q6_K"} <= types, f"types {types}")
sys.exit(verdict.finish())
