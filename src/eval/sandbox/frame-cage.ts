/**
 * Cages in the browser: workers in frames that the page opens. Pyodide's 14 MB are fetched from this page's own build
 * when they are first needed, and handed in, since the cage itself can fetch nothing.
 */
import module from "pyodide/pyodide.asm.mjs?url";
import wasm from "pyodide/pyodide.asm.wasm?url";
import loader from "pyodide/pyodide.mjs?url";
import lock from "pyodide/pyodide-lock.json?url";
import stdlib from "pyodide/python_stdlib.zip?url";
import { AppError } from "@/errors";
import type { FrameHost } from "@/eval/sandbox/frame";
import type { Cage, CageHost, PyodideFiles } from "@/eval/sandbox/sandbox";

export function frameCages(page: FrameHost): CageHost {
  let files: Promise<PyodideFiles> | undefined;
  return {
    start: () => openCage(page),
    pyodide: () => {
      files ??= fetchPyodide();
      files.catch(() => {
        files = undefined;
      });
      return files;
    },
  };
}

async function openCage(page: FrameHost): Promise<Cage> {
  const { id, verdicts, life } = await page.open();
  return {
    post: (message) => verdicts.postMessage(message),
    listen: (onMessage, onEnd) => {
      verdicts.onmessage = ({ data }) => onMessage(data);
      life.onmessage = ({ data }) => onEnd(String(data).slice(0, 400));
      // Where the frame's process dies, and the browser says so.
      life.addEventListener("close", () => onEnd("its process ended."));
    },
    kill: () => {
      // The frame ends its worker at once, even while the page is too busy to take the frame away.
      life.postMessage(null);
      verdicts.close();
      void page.close(id);
    },
  };
}

async function fetchPyodide(): Promise<PyodideFiles> {
  const get = async (path: string) => {
    const response = await fetch(new URL(path, location.href)).catch(() => undefined);
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
