// Follows cage.mjs in a Node process that may neither read files nor start anything, nor make code from text. It looks
// like a browser's worker, so that Pyodide loads none of Node's modules; `process` is out of reach from the first line.
const { createContext, Script } = await import("node:vm");
const node = globalThis.process;
const send = node.send.bind(node);
const listen = (handle) => node.on("message", handle);
const { Buffer: Bytes } = globalThis;
Object.defineProperty(globalThis, "process", { value: undefined });
globalThis.WorkerGlobalScope = class WorkerGlobalScope {};
Object.setPrototypeOf(globalThis, globalThis.WorkerGlobalScope.prototype);
globalThis.self = globalThis;
globalThis.location = new URL("https://cage.invalid/");

const importText = (text) => import(`data:text/javascript;base64,${Bytes.from(text).toString("base64")}`);
// Its own globals, none of ours: only texts go in and out.
const runScript = (text, input) =>
  new Script(`(${text})(${JSON.stringify(input)})`).runInContext(
    createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } }),
  );

globalThis.openCage({ post: (message) => send(message), listen }, importText, runScript);
