/**
 * A cage in the browser: a worker in a frame of an opaque origin, whose own policy (`public/sandbox/frame.html`) lets
 * nothing in or out but one port of this page's. Only a document can open frames, so this is for the page, not its worker.
 */

import module from "pyodide/pyodide.asm.mjs?url";
import wasm from "pyodide/pyodide.asm.wasm?url";
import loader from "pyodide/pyodide.mjs?url";
import lock from "pyodide/pyodide-lock.json?url";
import stdlib from "pyodide/python_stdlib.zip?url";
import { AppError } from "@/errors";
import cageText from "@/eval/sandbox/cage.mjs?raw";
import workerText from "@/eval/sandbox/cage-worker.mjs?raw";
import type { Cage, CageHost, PyodideFiles } from "@/eval/sandbox/sandbox";

/** `base` is the page's address. Pyodide's 14 MB are fetched from this page's own build when first needed. */
export function frameCages(document: Document, base: string): CageHost {
  let files: Promise<PyodideFiles> | undefined;
  return {
    start: () => openFrame(document, new URL("sandbox/frame.html", base)),
    pyodide: () => {
      files ??= fetchPyodide(base);
      files.catch(() => {
        files = undefined;
      });
      return files;
    },
  };
}

async function openFrame(document: Document, address: URL): Promise<Cage> {
  const frame = document.createElement("iframe");
  frame.sandbox.add("allow-scripts");
  frame.hidden = true;
  frame.src = address.href;
  const loaded = new Promise((done) => frame.addEventListener("load", done, { once: true }));
  document.body.append(frame);
  await loaded;
  const { port1: port, port2: inner } = new MessageChannel();
  let tell: (why: string) => void = () => {};
  // In a function, since globals are swept away. An opaque origin has no name to send to.
  frame.contentWindow?.postMessage(`(() => {\n"use strict";\n${cageText}\n${workerText}\n})();`, "*", [inner]);
  return {
    post: (message) => port.postMessage(message),
    listen: (onMessage, onEnd) => {
      port.onmessage = ({ data }) => onMessage(data);
      tell = onEnd;
    },
    kill: () => {
      frame.contentWindow?.postMessage(null, "*");
      port.close();
      // The frame hears of it before it goes; going ends its worker in any case.
      setTimeout(() => frame.remove(), 100);
      tell("killed.");
    },
  };
}

async function fetchPyodide(base: string): Promise<PyodideFiles> {
  const get = async (path: string) => {
    const response = await fetch(new URL(path, base)).catch(() => undefined);
    if (response?.ok) return response;
    throw new AppError("network/failed", "Python's interpreter could not be fetched from this page's own files.", {
      hint: "Check the connection, then try again.",
    });
  };
  const text = async (path: string) => (await get(path)).text();
  const bytes = async (path: string) => new Uint8Array(await (await get(path)).arrayBuffer());
  const [texts, binaries] = await Promise.all([
    Promise.all([text(loader), text(module), text(lock)]),
    Promise.all([bytes(wasm), bytes(stdlib)]),
  ]);
  return { loader: texts[0], module: texts[1], lock: texts[2], wasm: binaries[0], stdlib: binaries[1] };
}
