/**
 * The compiled kernels: which build this engine takes, and what an instance of it can do.
 *
 * Two builds exist, with and without relaxed SIMD (fused multiply-add). Both are made for shared memory; where memory
 * cannot be shared, the one byte that says so in the import is changed, instead of carrying two more builds.
 */
import { AppError } from "@/errors";

export interface KernelModule {
  readonly module: WebAssembly.Module;
  readonly relaxed: boolean;
}

/** What context.ts exports. Addresses and indices are plain numbers. */
export interface Walker {
  setup(control: number, scratch: number, thread: number, threads: number): void;
  run(list: number, from: number, to: number, until: number): number;
  resume(): number;
}

/** Answers of `run` and `resume` beside the position reached. */
export const STALLED = -1;
export const BROKEN = -2;

export async function loadModule(options: { shared: boolean; relaxed?: boolean }): Promise<KernelModule> {
  if (options.relaxed !== false) {
    await allowRelaxed();
    const bytes = decode((await import("@/cpu/wasm/relaxed")).BASE64, options.shared);
    if (WebAssembly.validate(bytes)) return { module: await WebAssembly.compile(bytes), relaxed: true };
  }
  const bytes = decode((await import("@/cpu/wasm/simd")).BASE64, options.shared);
  if (WebAssembly.validate(bytes)) return { module: await WebAssembly.compile(bytes), relaxed: false };
  throw new AppError("device/none", "This engine has no WebAssembly SIMD, which training on the CPU needs.", {
    hint: "Use a current Chrome, Edge, Safari or Firefox.",
  });
}

/** Node 20 knows relaxed SIMD but keeps it behind a flag, which may still be set before the first module. */
async function allowRelaxed(): Promise<void> {
  if (typeof process === "undefined" || !process.versions?.node) return;
  const name = "node:v8";
  const { setFlagsFromString } = (await import(/* @vite-ignore */ name)) as typeof import("node:v8");
  setFlagsFromString("--experimental-wasm-relaxed-simd");
}

function decode(base64: string, shared: boolean): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  return shared ? bytes : unshared(bytes);
}

/** `env.memory`, kind memory, limits "shared with a maximum" (3) → "with a maximum" (1). */
export function unshared(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const declaration = [3, ...codes("env"), 6, ...codes("memory"), 2, 3];
  const at = bytes.findIndex((_, i) => declaration.every((value, j) => bytes[i + j] === value));
  if (at < 0) throw new AppError("internal", "The CPU kernels do not import a shared memory.");
  const changed = bytes.slice();
  changed[at + declaration.length - 1] = 1;
  return changed;
}

const codes = (text: string) => [...text].map((char) => char.charCodeAt(0));

/** Kernels in the module's order, which is the same in every thread. */
export function kernelNames(module: WebAssembly.Module): string[] {
  const own = new Set(["run", "resume", "serve", "setup"]);
  const names = WebAssembly.Module.exports(module).filter(({ kind, name }) => kind === "function" && !own.has(name));
  return names.map(({ name }) => name);
}
