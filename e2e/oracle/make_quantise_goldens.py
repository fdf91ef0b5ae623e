"""Blocks as ggml itself writes them: e2e/fixtures/gguf/quantised.safetensors.

    npm pack @node-llama-cpp/linux-x64@3.22.1 && tar xzf node-llama-cpp-linux-x64-3.22.1.tgz
    LD_LIBRARY_PATH=$PWD/package/bins/linux-x64 python make_quantise_goldens.py package/bins/linux-x64/libggml-base.so

`values` [16, 512]: normal, tiny, zero, constant, heavy-tailed and positive rows. `<format>`: what ggml_quantize_chunk makes
of it without an importance matrix; the formats that gguf-py writes too are checked to agree with it byte for byte.
"""

import ctypes
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import save_file

ROWS, COLUMNS = 16, 512
OUT = Path(__file__).parent.parent / "fixtures" / "gguf" / "quantised.safetensors"


def values() -> np.ndarray:
    random = np.random.default_rng(9)
    x = random.standard_normal((ROWS, COLUMNS)).astype(np.float32) * np.float32(0.05)
    x[1] *= 1e-4
    x[2] = 0
    x[3, :32], x[3, 64:96], x[3, 96:128] = 0.25, -0.5, 0
    x[4] = random.standard_t(2, COLUMNS).astype(np.float32) * 0.1
    x[5] = np.abs(x[5])
    x[6] = -np.abs(x[6])
    x[7] *= 1e-9
    return x


def main(library: str) -> None:
    ggml = ctypes.CDLL(library)
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    pointer, long = ctypes.c_void_p, ctypes.c_int64
    ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, pointer, pointer, long, long, long, pointer]
    x = values()
    found = {"values": x}
    for name in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"):
        kind = gguf.GGMLQuantizationType[name]
        block, size = gguf.GGML_QUANT_SIZES[kind]
        out = np.zeros((ROWS, COLUMNS // block * size), np.uint8)
        ggml.ggml_quantize_chunk(int(kind), x.ctypes.data, out.ctypes.data, 0, ROWS, COLUMNS, None)
        if not name.endswith("K"):
            assert (gguf.quants.quantize(x, kind) == out).all(), name
        found[name.lower()] = out
    save_file(found, OUT)


if __name__ == "__main__":
    main(sys.argv[1])
