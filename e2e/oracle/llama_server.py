"""llama.cpp's own HTTP server on loopback, as PyPI's xllamacpp builds it into its wheel.

    llama_server.py MODEL.gguf

Prints its address, then serves until its standard input is closed.
"""
import sys

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 4096
params.n_parallel = 2
params.warmup = False
# One thread: its threads wait spinning, which two on a busy machine of two cores pay for many times over.
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
