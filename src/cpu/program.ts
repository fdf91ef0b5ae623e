/**
 * A program as the threads read it: a list of addresses, one per call and a 0, and behind it each call's words: the kernel's
 * table index, operand addresses, whole numbers, reals. Written once; running it reads nothing else.
 */
import { DESCRIPTORS } from "@/cpu/descriptors";
import { AppError } from "@/errors";
import { elements } from "@/graph/graph";
import type { Call, Tensor } from "@/graph/target";

export interface CallWords {
  readonly words: readonly number[];
  /** Index of the first real; everything before is a whole number. */
  readonly reals: number;
  /** So little work that waking the other threads would cost more. */
  readonly small: boolean;
}

/** Steps of work below which a call is done by one thread: about what two barriers cost. */
const SMALL = 20_000;

/** Roughly, in values written; a product counts its inner dimension, a key every row that may see it, exp eight sums. */
function workOf(call: Call): number {
  const written = Object.values(call.writes).reduce((sum, { shape }) => sum + elements(shape), 0);
  const { K = 0, N = 0, HEAD_DIM = 0 } = call.constants;
  if (call.kernel.startsWith("linear.")) return (written * (call.kernel.includes("forward") ? K : N)) / 8;
  if (call.kernel === "lora.gradient") return (written * elements(call.reads.right?.shape ?? [])) / (8 * N);
  if (call.kernel.startsWith("attention.") && HEAD_DIM > 0) return written * (call.reads.k?.shape[0] ?? 1);
  if (call.kernel.startsWith("swiglu.")) return 8 * written;
  if (/^(norm|sample|cross-entropy)\./.test(call.kernel)) {
    return Object.values(call.reads).reduce((most, { shape }) => Math.max(most, elements(shape)), written);
  }
  return call.kernel === "cache.forward" ? elements(call.reads.x?.shape ?? []) : written;
}

export function callWords(
  call: Call,
  kernels: ReadonlyMap<string, number>,
  place: (tensor: Tensor) => number,
): CallWords {
  const descriptor = DESCRIPTORS[call.kernel];
  const kernel = kernels.get(descriptor?.run ?? call.kernel.replaceAll(/[.-]/g, "_"));
  if (!descriptor || kernel === undefined) {
    throw new AppError("internal", `${call.label}: the CPU engine has no kernel "${call.kernel}".`);
  }
  const wanted = descriptor.operands.split(" ");
  const given: Record<string, Tensor> = { ...call.reads, ...call.writes };
  const missing = wanted.filter((name) => name !== "-" && !given[name]);
  const unknown = Object.keys(given).filter((name) => !wanted.includes(name));
  if (missing.length + unknown.length > 0) {
    const text =
      `${missing.map((name) => `lacks "${name}"`)} ${unknown.map((name) => `does not know "${name}"`)}`.trim();
    throw new AppError("internal", `${call.label}: the CPU kernel "${call.kernel}" ${text}.`);
  }
  const addresses = wanted.map((name) => {
    const tensor = given[name];
    return tensor ? place(tensor) : 0;
  });
  const integers = [kernel, ...addresses, ...descriptor.integers(call)];
  const fraction = integers.findIndex((value) => !Number.isInteger(value));
  if (fraction >= 0) {
    throw new AppError("internal", `${call.label}: shapes do not fit "${call.kernel}" (word ${fraction}).`);
  }
  return {
    words: [...integers, ...(descriptor.reals?.(call) ?? [])],
    reals: integers.length,
    small: workOf(call) < SMALL,
  };
}

export function listBytes(calls: readonly CallWords[]): number {
  return calls.reduce((sum, { words }) => sum + 4 + 4 * words.length, 4);
}

/** Lays the calls out at `address`, in bytes that `listBytes` counted. The lowest bit of an entry marks small calls. */
export function writeList(calls: readonly CallWords[], target: Uint8Array, address: number): void {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  let at = calls.length * 4 + 4;
  calls.forEach(({ words, reals, small }, i) => {
    view.setUint32(i * 4, address + at + (small ? 1 : 0), true);
    words.forEach((value, j) => {
      if (j < reals) view.setInt32(at, value, true);
      else view.setFloat32(at, value, true);
      at += 4;
    });
  });
}
