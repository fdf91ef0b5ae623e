/**
 * The CPU target: buffers are ranges of one WebAssembly memory, and a program is a list of calls in it that all threads
 * walk together. Everything asked for while a program runs waits for its end, so that callers see the order in
 * which they asked, as on a GPU's queue.
 */
import { createHeap, createMemory } from "@/cpu/memory";
import { loadModule } from "@/cpu/module";
import { createPool } from "@/cpu/pool";
import { callWords, listBytes, writeList } from "@/cpu/program";
import { AppError } from "@/errors";
import { tensorBytes } from "@/graph/graph";
import { createSlotPool } from "@/graph/slots";
import { type DeviceBuffer, type Executable, type Program, partOf, type Target, type Tensor } from "@/graph/target";

export interface CpuOptions {
  /** Default: one per core, at most 8; 1 where memory cannot be shared. */
  readonly threads?: number;
  /** Bytes that may be allocated in all. */
  readonly memoryBudget?: number;
  /** False keeps to plain SIMD where fused multiply-add exists too. */
  readonly relaxed?: boolean;
}

interface CpuBuffer extends DeviceBuffer {
  readonly address: number;
}

const MOST_THREADS = 8;
const GIGABYTE = 2 ** 30;

export async function createCpuTarget(options: CpuOptions = {}): Promise<Target> {
  const host = await hostOf();
  const threads = host.shares ? Math.max(1, Math.min(options.threads ?? host.cores, MOST_THREADS)) : 1;
  const shared = threads > 1;
  const budget = Math.min(options.memoryBudget ?? host.memory, 4 * GIGABYTE - 65_536);
  const { module, relaxed } = await loadModule({ shared, relaxed: options.relaxed });
  const heap = createHeap(createMemory(shared));
  const pool = await createPool(module, heap, threads);
  const buffers = new Set<CpuBuffer>();
  let live = 0;
  let peak = 0;

  /** The end of everything asked for so far; `waiting` counts what has not ended. */
  let tail: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const enqueue = <T>(job: () => T | Promise<T>): Promise<T> => {
    waiting++;
    const result = tail.then(job).finally(() => waiting--);
    tail = result.catch(() => {});
    return result;
  };
  const inOrder = (job: () => void) => {
    if (waiting === 0) job();
    else void enqueue(job);
  };

  const allocate = (bytes: number, label: string): CpuBuffer => {
    const size = Math.ceil(bytes / 4) * 4;
    if (live + size > budget) {
      const text = `${label} needs ${Math.ceil(size / 2 ** 20)} MB, and ${Math.ceil((live + size - budget) / 2 ** 20)} MB are missing.`;
      throw new AppError("device/out-of-memory", text, {
        hint: "Try a shorter maximum length, a smaller batch, a smaller model or a 4-bit base.",
      });
    }
    const made = { address: heap.allocate(size, label), bytes: size, label };
    live += size;
    peak = Math.max(peak, live);
    buffers.add(made);
    return made;
  };
  const own = (buffer: DeviceBuffer): CpuBuffer => {
    const known = buffer as CpuBuffer;
    if (buffers.has(known)) return known;
    throw new AppError("internal", `Buffer ${buffer.label} was freed or belongs to another device.`);
  };
  const free = (buffer: DeviceBuffer) => {
    const known = own(buffer);
    buffers.delete(known);
    live -= known.bytes;
    inOrder(() => heap.free(known.address));
  };
  const range = (buffer: DeviceBuffer, offset: number, bytes: number) => {
    const { address, bytes: size, label } = own(buffer);
    if (offset < 0 || bytes < 0 || offset + bytes > size) {
      throw new AppError("internal", `${bytes} bytes at ${offset} do not lie in ${label} of ${size}.`);
    }
    return address + offset;
  };
  const slots = createSlotPool(allocate, (buffer) => free(buffer));

  const place = (program: Program, externals: ReadonlyMap<string, DeviceBuffer>) => {
    const taken = slots.take(program.slots);
    const where = (tensor: Tensor): number => {
      const { storage } = tensor;
      const { slot, offset } = program.placeOf.get(storage) ?? { slot: -1, offset: 0 };
      const found = storage.external ? externals.get(storage.name) : taken[slot];
      if (!found) throw new AppError("internal", `${program.name} has no buffer for ${storage.name}.`);
      return range(found, offset + tensor.offset, tensorBytes(tensor));
    };
    return { taken, where };
  };

  /** A program that cannot be made holds no slots. */
  const given = <T>(taken: readonly DeviceBuffer[], make: () => T): T => {
    try {
      return make();
    } catch (error) {
      slots.give(taken);
      throw error;
    }
  };
  const held = new Map<Executable, { list: number; taken: readonly DeviceBuffer[] }>();
  const compile = async (program: Program, externals: ReadonlyMap<string, DeviceBuffer>): Promise<Executable> => {
    const { taken, where } = place(program, externals);
    const lay = () => {
      const calls = program.calls.map((call) => callWords(call, pool.kernels, where));
      const bytes = listBytes(calls);
      const list = heap.allocate(bytes, program.name);
      writeList(calls, heap.view(list, bytes), list);
      return list;
    };
    const list = given(taken, lay);
    const executable: Executable = {
      program,
      run: (part = "all") => {
        // Its list may be another's by now.
        if (!held.has(executable)) throw new AppError("internal", `${program.name} runs after it was discarded.`);
        return enqueue(() => pool.run(list, ...partOf(program, part)));
      },
      profile: () =>
        enqueue(async () => {
          const times = new Float64Array(program.calls.length);
          for (let i = 0; i < times.length; i++) {
            const start = performance.now();
            await pool.run(list, i, i + 1);
            times[i] = performance.now() - start;
          }
          return times;
        }),
    };
    held.set(executable, { list, taken });
    return executable;
  };

  return {
    name: "cpu",
    description: `CPU, ${threads} thread${threads > 1 ? "s" : ""}, WASM SIMD${relaxed ? " (relaxed)" : ""}`,
    software: true,
    rowTile: 1,
    activations: "f32",
    limits: { maxBufferBytes: budget, maxBindingBytes: budget, memoryBudget: budget },
    allocate,
    free,
    write: (buffer, data, offset = 0) => {
      const address = range(buffer, offset, data.byteLength);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const kept = waiting === 0 ? bytes : bytes.slice();
      inOrder(() => heap.view(address, kept.byteLength).set(kept));
    },
    read: (buffer, offset = 0, bytes = buffer.bytes - offset) => {
      const address = range(buffer, offset, bytes);
      return enqueue(() => new Uint8Array(heap.view(address, bytes)).buffer as ArrayBuffer);
    },
    clear: (buffer) => {
      const { address, bytes } = own(buffer);
      inOrder(() => void heap.view(address, bytes).fill(0));
    },
    compile,
    discard: (executable) => {
      const known = held.get(executable);
      held.delete(executable);
      if (!known) return;
      slots.give(known.taken);
      inOrder(() => heap.free(known.list));
    },
    idle: async () => {
      await tail;
    },
    reserve: (program) => slots.reserve(program.slots),
    liveBytes: () => live,
    takePeakBytes: () => {
      const most = peak;
      peak = live;
      return most;
    },
    lost: pool.lost,
    release: () => {
      pool.release();
      buffers.clear();
      live = 0;
    },
  };
}

interface Host {
  readonly cores: number;
  readonly memory: number;
  /** Whether threads can share memory, and this one may wait for them. */
  readonly shares: boolean;
}

async function hostOf(): Promise<Host> {
  if (typeof process !== "undefined" && process.versions?.node) {
    const name = "node:os";
    const os = (await import(/* @vite-ignore */ name)) as typeof import("node:os");
    return { cores: os.availableParallelism(), memory: 0.8 * os.totalmem(), shares: true };
  }
  const { hardwareConcurrency, deviceMemory = 4 } = navigator as Navigator & { deviceMemory?: number };
  // A window may not block; the engine runs in a worker, but a test page may try.
  const shares = globalThis.crossOriginIsolated === true && typeof document === "undefined";
  return { cores: hardwareConcurrency, memory: 0.8 * deviceMemory * GIGABYTE, shares };
}
