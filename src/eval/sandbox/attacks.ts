/** Programs that try to be called right, or to get out, and what they must be called instead; for the tests of every host. */
import { humanEvalProgram, javascriptAssertion, type Program } from "@/eval/sandbox/program";

export interface Attack {
  readonly name: string;
  readonly program: Program;
  readonly kind: "fail" | "error" | "timeout";
}

const TEST = "assert answer(2) == 4\nassert abs(answer(3) - 9) < 1e-9\nassert len([answer(1)]) == 1";

const python = (name: string, candidate: string, kind: Attack["kind"] = "error"): Attack => ({
  name,
  program: { language: "python", candidate, test: TEST },
  kind,
});

const RIGHT = "def answer(x):\n    return x * x\n";
const WRONG = "def answer(x):\n    return 0\n";
const CHECK = "def check(candidate):\n    assert candidate(2) == 4\n";
const EQUALS_ALL = `
class All(int):
    def __eq__(self, other): return True
def answer(x): return All(0)
`;

const FINDER = `
import sys, importlib.util
for finder in sys.meta_path:
    spec = finder.find_spec("js", None)
    if spec:
        js = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(js)
        js.postMessage("pass")
raise SystemExit(0)
`;

/** Every function of every class leads to the names of its module. */
const SUBCLASSES = `
found = []
for cls in object.__subclasses__():
    for member in list(vars(cls).values()):
        for value in getattr(member, "__globals__", {}).values():
            if type(value).__name__ in ("JsProxy", "JsFinder"): found.append(value)
            if type(value).__name__ == "JsFinder": found.extend(value.jsproxies.values())
assert not [one for one in found if type(one).__name__ == "JsProxy"], "PROXY"
${WRONG}`;

const NONCE = `
import sys
def answer(x):
    frame = sys._getframe(1)
    for text in frame.f_code.co_consts:
        if isinstance(text, str): frame.f_globals["__burnish_nonce__"] = text
    frame.f_globals["__burnish_value__"] = "true"
    return 0
`;

/** A busy machine reaches the time limit before others; nothing is ever called right. */
export const endedRight = ({ kind }: Attack, said: string): boolean => said === kind || said === "timeout";

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
  python("loop", "while True: pass\n", "timeout"),
  python("loop in the test", "def answer(x):\n    while True: pass\n", "timeout"),
  python("memory at once", "a = [0] * 10**9\n"),
  python("memory in pieces", "a = []\nwhile True: a.append(bytearray(10**7))\n"),
  python("output", "print('x' * 10**6)\ndef answer(x): return x * x\n"),
  python("endless recursion", "def f(): return f()\nf()\n", "fail"),
  python("recursion in C", "a = []\nfor _ in range(10**6): a = [a]\nprint(a)\n"),
  python("integer of a billion digits", "print(10**(10**9))\n", "timeout"),
  python("thread", "import threading\nthreading.Thread(target=print).start()\n", "fail"),
  python("atexit", `import atexit\natexit.register(lambda: 0)\n${WRONG}`, "fail"),
  python("__del__", `class A:\n    def __del__(self): raise SystemExit(0)\na = A()\ndel a\n${WRONG}`),
  python("file read", "open('/etc/passwd').read()\n", "fail"),
  python("file written", `open('/home/pyodide/heapq.py', 'w').write('x')\n${RIGHT}`),
  python("file made by os", `import os\nos.open('/tmp/x', os.O_CREAT | os.O_WRONLY)\n${RIGHT}`),
  python("environment", `import os\nos.environ.clear()\n${WRONG}`, "fail"),
  python("js by its finder", FINDER),
  python("js by import_module", "import importlib\nimportlib.import_module('js')\n", "fail"),
  python("js out of subclasses", SUBCLASSES, "fail"),
  python("nonce from the caller's frame", NONCE, "fail"),
  python("exit with the nonce", NONCE.replace("return 0", "raise SystemExit(0)")),
  {
    ...{ name: "an answer that equals everything", kind: "fail" },
    program: humanEvalProgram({ prompt: "", entry_point: "answer", test: CHECK }, EQUALS_ALL),
  },
  ...javascriptAttacks(server),
];

function javascriptAttacks(server: string): Attack[] {
  const script = (name: string, code: string, kind: Attack["kind"] = "fail"): Attack => ({
    ...{ name: `javascript: ${name}`, kind },
    program: javascriptAssertion(code, "right", {}),
  });
  return [
    script("wrong", 'output === "left"'),
    script("throws", 'throw new Error("x"); return true'),
    script("no program", "this is not javascript"),
    script("loop", "for (;;) {} return true", "timeout"),
    script("nothing", "undefined", "error"),
    script("process", "return process.exit(0)"),
    script("fetch", `fetch(${JSON.stringify(server)}); return true`),
    script("socket", `new WebSocket(${JSON.stringify(server.replace("http", "ws"))}); return true`),
    script(
      "request",
      `const r = new XMLHttpRequest(); r.open("GET", ${JSON.stringify(server)}); r.send(); return true`,
    ),
    script("script from elsewhere", `importScripts(${JSON.stringify(server)}); return true`),
    script("worker", 'new Worker("data:text/javascript,"); return true'),
    script("port", "postMessage(JSON.stringify(true)); return false"),
    script("code from text", 'return Function("return 1")() === 1'),
    script("way out by constructors", 'return this.constructor.constructor("return process")().pid > 0'),
    script("storage", "indexedDB.open('x'); return true"),
    script("memory", "const a = []; for (;;) a.push(new Array(1e6).fill(1)); return true", "error"),
  ];
}
