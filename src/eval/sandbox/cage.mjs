/**
 * What runs inside the cage, the same text in a browser's worker and in a Node process: Pyodide, and no way out. The
 * start of a process (`cage-process.mjs`) stands after this text and calls `openCage(port, importText, runScript)`.
 * port: { post, listen }; importText: a module's text → its namespace; runScript: text of a function, its argument → what
 * it gives.
 *
 * The verdict is JavaScript's: it calls Python's own `compile` and `exec`, taken before any candidate ran, so that no
 * Python frame lies below a candidate and nothing it can patch decides. Tests run with builtins of their own, and their
 * last line leaves a nonce that the candidate has never seen. An audit hook, which cannot be taken off again, notes what
 * only an attack would do; a canary compares builtins and loaded modules before and after.
 */

const MAX_OUTPUT = 64_000;
const MAX_MEMORY_PAGES = 8_192; // of 64 KiB: 512 MiB
const ALARM = "This program left its sandbox's rules: ";

/** Imported names and audited events that no honest answer needs. */
const GUARD = `
import sys, os, builtins, json, gc
def guard():
    alarms = []
    banned = ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core", "ctypes", "_ctypes", "_socket", "pip", "micropip")
    events = ("socket.", "subprocess.", "ctypes.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.kill",
        "sys.settrace", "sys.setprofile", "sys.monitoring", "sys.addaudithook", "gc.", "urllib.", "http.", "ftplib.", "smtplib.",
        "code.__new__", "sys._current_frames", "sys.unraisablehook", "signal.", "os.mkdir", "os.rename", "os.remove", "os.rmdir",
        "os.symlink", "os.link", "os.truncate", "os.chmod", "os.chdir", "shutil.", "tempfile.", "_thread.start_new_thread")
    armed = [False]
    def hook(event, args, startswith=str.startswith, append=alarms.append, str=str, any=any, isinstance=isinstance):
        if not armed[0]: return
        if event == "import":
            if str(args[0]).partition(".")[0] not in banned: return
            append("import of " + str(args[0]))
            raise ImportError("no module named " + str(args[0]) + " in the sandbox")
        # Files that a later program would read, or import.
        written = event == "open" and (not isinstance(args[1], str) or any(c in args[1] for c in "wax+"))
        if written or startswith(event, events) or (event == "object.__setattr__" and args[1] == "__code__"):
            append(event)
            raise PermissionError(event + " is not allowed in the sandbox")
    def missing(name):
        def trip(*a, **k):
            alarms.append("os." + name)
            raise PermissionError("os." + name + " is not allowed in the sandbox")
        return trip
    for name in ("fork", "forkpty", "system", "popen", "execv", "execve", "posix_spawn", "kill", "_exit", "abort"):
        setattr(os, name, missing(name))
        if name in ("_exit", "abort", "system", "fork", "kill"):
            try: setattr(sys.modules["posix"], name, missing(name))
            except (KeyError, AttributeError): pass
    for name in [m for m in sys.modules if m.partition(".")[0] in banned]: del sys.modules[name]
    # Pyodide's finder would still give out its modules of JavaScript.
    for finder in [f for f in sys.meta_path if hasattr(f, "jsproxies")]:
        sys.meta_path.remove(finder)
        finder.jsproxies.clear()
    sys.setrecursionlimit(1000)
    plain = dict(vars(builtins))
    core = [(name, module, dict(vars(module))) for name, module in list(sys.modules.items()) if module is not None and hasattr(module, "__dict__")]
    sys.addaudithook(hook)
    lazy = ("_", "last_value", "last_type", "last_traceback", "last_exc", "__warningregistry__", "_filters_version")
    def changed(before, now):
        return next((key for key in before if key not in lazy and now.get(key, None) is not before[key]), None)
    def enter(): armed[0] = True
    def leave():
        armed[0] = False
        found = list(alarms)
        alarms.clear()
        return "; ".join(found)
    def builtins_for(): return dict(plain)
    def canary(given):
        """What has changed that tests rely on, in words; empty when nothing has."""
        key = changed(plain, given) or changed(plain, vars(builtins))
        if key: return "builtins." + key
        for name, module, before in core:
            if sys.modules.get(name) is not module: return "module " + name
            key = changed(before, vars(module))
            if key: return name + "." + key
        return ""
    def forget():
        kept = {name for name, _, _ in core}
        for name in list(sys.modules):
            if name not in kept: del sys.modules[name]
        for name, module, before in core:
            for key in [key for key in vars(module) if key not in before and name == "__main__"]: delattr(module, key)
    return [enter, leave, canary, builtins_for, forget]
__guard = guard()
`;

/** What a running interpreter needs of the machine: a clock, chance and timers; all that reaches out goes. */
const KEPT = [
  ...["WebAssembly", "TextDecoder", "TextEncoder", "crypto", "performance", "atob", "btoa", "self", "fetch"],
  ...["setTimeout", "clearTimeout", "queueMicrotask", "AbortController", "AbortSignal", "Response", "DOMException"],
];

/** What a language has by itself, and not the machine. */
const LANGUAGE = (
  "Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp " +
  "Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError globalThis JSON Math Intl " +
  "ArrayBuffer Atomics Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array " +
  "Uint8ClampedArray BigUint64Array BigInt64Array DataView Map BigInt Set Iterator WeakMap WeakSet WeakRef Proxy Reflect " +
  "FinalizationRegistry SharedArrayBuffer decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape " +
  "isFinite isNaN eval"
).split(" ");

/** Stands on its own: its text also begins workers inside the cage. */
function strip(names) {
  const kept = new Set(names);
  for (let level = globalThis; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (kept.has(name) || name === "constructor") continue;
      try {
        Object.defineProperty(level, name, { value: undefined, writable: false, configurable: false });
      } catch {
        // Fixed by the platform; the policy of the frame or process is the wall.
      }
    }
  }
}

async function openPython({ loader, module, wasm, stdlib, lock }, importText) {
  const answers = { "pyodide.asm.wasm": ["application/wasm", wasm], "python_stdlib.zip": ["application/zip", stdlib] };
  const given = async (address) => {
    const [type, bytes] =
      answers[
        String(address?.url ?? address)
          .split("/")
          .at(-1)
      ] ?? [];
    return bytes ? new Response(bytes, { headers: { "content-type": type } }) : new Response(null, { status: 404 });
  };
  Object.defineProperty(globalThis, "fetch", { value: given, writable: false, configurable: false });
  // Pyodide would grow to 4 GiB.
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength / 65_536 + pages > MAX_MEMORY_PAGES) throw new RangeError("memory limit");
    return grow.call(this, pages);
  };
  const { default: createPyodideModule } = await importText(module);
  const { loadPyodide } = await importText(loader);
  return loadPyodide({
    indexURL: "https://cage.invalid/",
    lockFileContents: lock,
    createPyodideModule,
    env: { HOME: "/" },
  });
}

async function pythonRunner(assets, importText) {
  const python = await openPython(assets, importText);
  const written = { bytes: 0, text: "" };
  const decoder = new TextDecoder();
  const write = (bytes) => {
    written.bytes += bytes.length;
    if (written.bytes <= MAX_OUTPUT) written.text += decoder.decode(bytes, { stream: true });
    return bytes.length;
  };
  python.setStdin({ error: true });
  python.setStdout({ write });
  python.setStderr({ write });
  const scope = python.runPython("dict")();
  const [compile, exec, makeDict] = ["compile", "exec", "dict"].map((name) => python.runPython(name));
  const filter = python.runPython(
    "lambda made, plain: {k: v for k, v in dict.items(made) if k == '__name__' or k not in plain}",
  );
  python.runPython(GUARD, { globals: scope });
  const guard = scope.get("__guard");
  const [enter, leave, canary, builtinsFor, forget] = [0, 1, 2, 3, 4].map((i) => guard.get(i));
  guard.destroy();
  const runIn = (text, name, namespace) => {
    const code = compile(text, name, "exec");
    try {
      exec(code, namespace);
    } finally {
      code.destroy();
    }
  };
  const failureOf = (error) => {
    const lines = String(error?.message ?? error)
      .trim()
      .split("\n");
    return error?.type ? (lines.at(-1) ?? "").slice(0, 400) : "";
  };

  return ({ candidate, test, gives }, nonce) => {
    written.bytes = 0;
    written.text = "";
    const made = makeDict();
    made.set("__name__", "candidate");
    const plain = builtinsFor();
    // An interpreter that is left as it was found goes on.
    const error = (reason, dirty = true) => ({ kind: "error", reason, output: written.text, dirty });
    let failure;
    let stage = "answer";
    let ended;
    let value;
    enter();
    try {
      runIn(candidate, "answer.py", made);
      stage = "test";
      const names = filter(made, plain);
      names.set("__builtins__", plain);
      runIn(`${test}\n__burnish_nonce__ = ${JSON.stringify(nonce)}\n`, "test.py", names);
      ended = names.get("__burnish_nonce__");
      value = names.get("__burnish_value__");
    } catch (thrown) {
      failure = thrown;
    }
    // An interpreter that has ended throws here.
    let alarms;
    let touched;
    try {
      alarms = leave();
      touched = canary(plain);
      forget();
    } catch {
      return error("The Python interpreter was ended by the program.");
    }
    if (touched) return error(`${ALARM}it changed ${touched}.`);
    if (alarms) return error(`${ALARM}${alarms}.`.slice(0, 400), false);
    if (written.bytes > MAX_OUTPUT) return error(`The program printed more than ${MAX_OUTPUT} bytes.`);
    if (failure) {
      const what = failureOf(failure);
      if (what === "") return error("The Python interpreter broke down.");
      if (/^(MemoryError|SystemExit|KeyboardInterrupt|GeneratorExit)|does not support processes/.test(what))
        return error(`The ${stage} ended by ${what}.`);
      return { kind: "fail", threw: true, reason: `The ${stage} ended by ${what}.`, output: written.text };
    }
    if (ended !== nonce) return error("The test did not run to its end.");
    if (gives) return { ...readAs(gives, value), output: written.text };
    return { kind: "pass", reason: "The test ran to its end.", output: written.text };
  };
}

/** A boolean, a score or {pass, score, reason}, as promptfoo's assertions give them. */
function gradeOf(value) {
  const given = typeof value === "object" && value !== null ? value : { score: Number(value), pass: Number(value) > 0 };
  const score = Number(given.score ?? (given.pass ? 1 : 0));
  if (
    !(score >= 0 && score <= 1) ||
    (typeof value !== "object" && typeof value !== "number" && typeof value !== "boolean")
  )
    return {
      kind: "error",
      dirty: false,
      reason: `The assertion gave ${JSON.stringify(value)}: no boolean and no score from 0 to 1.`,
    };
  const pass = given.pass === undefined ? score > 0 : given.pass === true;
  const reason = String(given.reason ?? `The assertion gave ${JSON.stringify(value)}.`).slice(0, 400);
  return { kind: pass ? "pass" : "fail", score, reason };
}

/** JSON of a program → what is said of it. */
function readAs(gives, text) {
  if (typeof text !== "string") return { kind: "error", reason: "The program gave nothing.", dirty: false };
  const value = JSON.parse(text);
  if (gives === "grade") return gradeOf(value);
  return { kind: "pass", reason: "It gave values.", values: value };
}

/** The text of a function of one JSON text, which gives another. One that throws has failed. */
function javascriptRunner(runScript) {
  return async ({ script, input, gives }) => {
    let given;
    try {
      given = await runScript(script, input);
    } catch (error) {
      const reason = `The program threw ${String(error?.message ?? error)}`.slice(0, 400);
      return { kind: "fail", threw: true, reason, output: "" };
    }
    return { ...readAs(gives, given), output: "" };
  };
}

/** Answers each message once; `type` is "open", then "run". */
globalThis.openCage = async (port, importText, runScript) => {
  let run;
  const answer = async ({ type, id, files, language, program, nonce }) => {
    if (type === "open") {
      run = language === "python" ? await pythonRunner(files, importText) : javascriptRunner(runScript);
      strip([...KEPT, ...LANGUAGE]);
      return { type: "ready" };
    }
    return { type: "verdict", id, ...(await run(program, nonce)) };
  };
  port.listen(async (message) => {
    try {
      port.post(await answer(message));
    } catch (error) {
      const reason = String(error?.message ?? error).slice(0, 400);
      const broken = message.type === "open" ? { type: "broken" } : { type: "verdict", id: message.id, kind: "error" };
      port.post({ ...broken, reason, output: "" });
    }
  });
};
