/** Programs that try to be called right, or to get out, and what they must be called instead; for the tests of every host. */
import type { Program } from "@/eval/sandbox/program";

export interface Attack {
  readonly name: string;
  readonly program: Program;
  readonly kind: "fail" | "error";
}

const TEST = "assert answer(2) == 4\nassert abs(answer(3) - 9) < 1e-9\nassert len([answer(1)]) == 1";

const python = (name: string, candidate: string, kind: Attack["kind"] = "error"): Attack => ({
  name,
  program: { language: "python", candidate, test: TEST },
  kind,
});

/** Each is tried on its own; the honest one after each must pass. */
export const HONEST: Program = { language: "python", candidate: "def answer(x):\n    return x * x\n", test: TEST };

export const attacks = (server: string): readonly Attack[] => [
  python("wrong", "def answer(x):\n    return x + x\n", "fail"),
  python("no program", "this is not python", "fail"),
  python("forged verdict by js", 'import js\njs.postMessage("pass")\ndef answer(x): return 0\n'),
  python("forged verdict by pyodide", "import pyodide_js\ndef answer(x): return 0\n"),
  python("forged nonce", '__burnish_nonce__ = "x"\n__burnish_value__ = "true"\ndef answer(x): return 0\n', "fail"),
  python("patched exec", "import builtins\nbuiltins.exec = lambda *a: None\ndef answer(x): return 0\n"),
  python("patched len", "import builtins\nbuiltins.len = lambda x: 1\ndef answer(x): return x * x\n"),
  python("shadowed abs", "def abs(x): return 0\ndef answer(x): return 4\n", "fail"),
  python(
    "patched builtins of the test",
    `
import sys
def answer(x):
    sys._getframe(1).f_builtins["abs"] = lambda x: 0
    return 4
`,
  ),
  python("patched module", "import json\njson.loads = None\ndef answer(x): return x * x\n"),
  python("system exit", "raise SystemExit(0)\n"),
  python("exit in the test", "import sys\ndef answer(x): sys.exit(0)\n"),
  python("os._exit", "import os\nos._exit(0)\n"),
  python("os._exit unpatched", "import posix\nposix._exit(0)\n"),
  python("swallowed alarm", "try:\n    import js\nexcept ImportError:\n    pass\ndef answer(x): return x * x\n"),
  python("trace", "import sys\nsys.settrace(lambda *a: None)\ndef answer(x): return x * x\n"),
  python("fork", "import os\nos.fork()\n"),
  python(
    "fork, swallowed",
    "import os\ntry:\n    os.fork()\nexcept BaseException:\n    pass\ndef answer(x): return x * x\n",
  ),
  python("subprocess", "import subprocess\nsubprocess.run(['true'])\n"),
  python("socket", "import socket\nsocket.create_connection(('127.0.0.1', 9))\n"),
  python("urllib", `import urllib.request\nurllib.request.urlopen(${JSON.stringify(server)})\n`),
  python("ctypes", "import ctypes\n"),
  python("loop", "while True: pass\n"),
  python("loop in the test", "def answer(x):\n    while True: pass\n"),
  python("memory at once", "a = [0] * 10**9\n"),
  python("memory in pieces", "a = []\nwhile True: a.append(bytearray(10**7))\n"),
  python("output", "print('x' * 10**6)\ndef answer(x): return x * x\n"),
  python("endless recursion", "def f(): return f()\nf()\n", "fail"),
  ...javascriptAttacks(server),
];

function javascriptAttacks(server: string): Attack[] {
  const script = (name: string, code: string, kind: Attack["kind"] = "error"): Attack => ({
    name: `javascript: ${name}`,
    program: { language: "javascript", code, output: "right", context: {} },
    kind,
  });
  return [
    script("wrong", 'output === "left"', "fail"),
    script("throws", 'throw new Error("x"); return true'),
    script("loop", "for (;;) {} return true"),
    script("nothing", "undefined"),
    script("process", "return process.exit(0)"),
    script("fetch", `fetch(${JSON.stringify(server)}); return true`),
    script("code from text", 'return Function("return 1")() === 1'),
    script("way out by constructors", 'return this.constructor.constructor("return process")().pid > 0'),
    script("memory", "const a = []; for (;;) a.push(new Array(1e6).fill(1)); return true"),
  ];
}
