/**
 * The WebGPU target: buffers, and programs as lists of (pipeline, bind group, grid) made once and replayed.
 * Nothing is created per step or per value; a step costs the encoding of its list.
 */
import { AppError } from "@/errors";
import { attentionForm } from "@/gpu/attention-form";
import type { OpenedDevice } from "@/gpu/device";
import { lossOf } from "@/gpu/lost";
import { createPipelineCache, type Kernel } from "@/gpu/pipeline";
import { type Launch, lower } from "@/gpu/products";
import { paced } from "@/gpu/submits";
import { timestamps } from "@/gpu/timestamps";
import { byDefault, type ChooseForms } from "@/gpu/variants";
import { tensorBytes } from "@/graph/graph";
import { createSlotPool } from "@/graph/slots";
import {
  type Activations,
  type DeviceBuffer,
  type Executable,
  type Part,
  type Program,
  partOf,
  type Target,
  type Tensor,
} from "@/graph/target";

interface GpuBuffer extends DeviceBuffer {
  readonly buffer: GPUBuffer;
}
interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [number, number, number];
}

export interface WebGpuOptions {
  /** Bytes; by default four of the device's largest buffers. */
  readonly memoryBudget?: number;
  readonly forms?: ChooseForms;
  readonly activations?: Activations;
}

export function createWebGpuTarget(
  { device, description, software, takeFailure }: OpenedDevice,
  { memoryBudget = 0, forms = byDefault(device, software), activations = "f32" }: WebGpuOptions = {},
): Target {
  const { limits } = device;
  const barrierFree = software && device.features.has("subgroups");
  const pipelines = createPipelineCache(device, {
    reduce: barrierFree ? "reduce-subgroup" : "reduce",
    "weight-f16": device.features.has("shader-f16") ? "weight-f16-native" : "weight-f16",
  });
  const buffers = new Set<GpuBuffer>();
  let live = 0;
  let peak = 0;

  const loss = lossOf(device);
  const check = () => {
    loss.check();
    const message = takeFailure();
    if (message === undefined) return;
    throw new AppError(/memory/i.test(message) ? "device/out-of-memory" : "internal", `The GPU reported: ${message}`, {
      hint: "Try a shorter maximum length, a smaller batch or a smaller model.",
    });
  };

  const allocate = (bytes: number, label: string): GpuBuffer => {
    const size = Math.ceil(bytes / 4) * 4;
    if (size > limits.maxBufferSize) {
      throw new AppError(
        "device/out-of-memory",
        `${label} needs ${size} bytes; this GPU's largest buffer has ${limits.maxBufferSize}.`,
        {
          hint: "Choose a smaller model, a shorter maximum length or a 4-bit base.",
        },
      );
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const made = { buffer: device.createBuffer({ size, usage, label }), bytes: size, label };
    buffers.add(made);
    live += size;
    peak = Math.max(peak, live);
    return made;
  };
  const free = (buffer: DeviceBuffer) => {
    const known = own(buffer);
    known.buffer.destroy();
    live -= known.bytes;
    buffers.delete(known);
  };
  const own = (buffer: DeviceBuffer): GpuBuffer => {
    for (const known of [buffer as GpuBuffer]) if (buffers.has(known)) return known;
    throw new Error(`internal: buffer ${buffer.label} was freed or belongs to another device`);
  };
  const pool = createSlotPool(allocate, free);
  const held = new Map<Executable, readonly DeviceBuffer[]>();

  const bind = (program: Program, externals: ReadonlyMap<string, DeviceBuffer>) => {
    const slots = pool.take(program.slots);
    const place = (tensor: Tensor): GPUBufferBinding => {
      const { storage } = tensor;
      const { slot, offset } = program.placeOf.get(storage) ?? { slot: -1, offset: 0 };
      const found = storage.external ? externals.get(storage.name) : slots[slot];
      if (!found) throw new Error(`internal: ${program.name} has no buffer for ${storage.name}`);
      return {
        buffer: own(found).buffer,
        offset: offset + tensor.offset,
        size: Math.ceil(tensorBytes(tensor) / 4) * 4,
      };
    };
    return { slots, place };
  };

  const dispatchOf = (
    call: Launch,
    { pipeline, layout, bindings }: Kernel,
    place: (tensor: Tensor) => GPUBufferBinding,
  ): Dispatch => {
    const operands = Object.entries({ ...call.reads, ...call.writes });
    const group = device.createBindGroup({
      label: call.label,
      layout,
      entries: operands.map(([name, tensor]) => ({ binding: bindings.get(name) ?? -1, resource: place(tensor) })),
    });
    return { pipeline, group, grid: call.grid };
  };

  const encode = (encoder: GPUCommandEncoder, dispatches: readonly Dispatch[], pass: GPUComputePassDescriptor = {}) => {
    const open = encoder.beginComputePass(pass);
    for (const { pipeline, group, grid } of dispatches) {
      open.setPipeline(pipeline);
      open.setBindGroup(0, group);
      open.dispatchWorkgroups(...grid);
    }
    open.end();
  };
  const submit = (dispatches: readonly Dispatch[]) => {
    const encoder = device.createCommandEncoder();
    encode(encoder, dispatches);
    device.queue.submit([encoder.finish()]);
  };
  const waits = async (dispatches: readonly Dispatch[]) => {
    const times = new Float64Array(dispatches.length);
    for (const [i, dispatch] of dispatches.entries()) {
      const start = performance.now();
      submit([dispatch]);
      await device.queue.onSubmittedWorkDone();
      times[i] = performance.now() - start;
    }
    return times;
  };

  const launchesOf = ({ calls }: Program) =>
    calls.map((call) => lower(attentionForm(call, software, forms.attention), forms.product));

  const compiled = async (program: Program, externals: ReadonlyMap<string, DeviceBuffer>): Promise<Executable> => {
    const launches = launchesOf(program);
    const kernels = await Promise.all(launches.map(pipelines));
    const { slots, place } = bind(program, externals);
    const ready = async () => {
      const made = launches.map((call, i) => dispatchOf(call, kernels[i] as Kernel, place));
      await device.queue.onSubmittedWorkDone();
      check();
      return made;
    };
    const dispatches = await ready().catch((error: unknown) => {
      pool.give(slots);
      throw error;
    });
    const runs = new Map<Part, () => void>();
    const send = (from: number, to: number) => submit(dispatches.slice(from, to));
    const executable: Executable = {
      program,
      run: (part = "all") => {
        if (!held.has(executable)) throw new Error(`internal: ${program.name} runs after it was discarded`);
        const run = runs.get(part) ?? paced(...partOf(program, part), send, () => device.queue.onSubmittedWorkDone());
        runs.set(part, run);
        run();
      },
      profile: () =>
        device.features.has("timestamp-query")
          ? timestamps(device, dispatches.length, (encoder, i, timestampWrites) =>
              encode(encoder, dispatches.slice(i, i + 1), { timestampWrites }),
            )
          : waits(dispatches),
    };
    held.set(executable, slots);
    return executable;
  };

  const read = async (buffer: DeviceBuffer, offset = 0, bytes = buffer.bytes - offset) => {
    const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(own(buffer).buffer, offset, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await loss.alive(staging.mapAsync(GPUMapMode.READ));
    const copy = staging.getMappedRange().slice(0);
    staging.destroy();
    check();
    return copy;
  };

  return {
    name: "webgpu",
    description,
    software,
    rowTile: 1,
    activations,
    limits: {
      maxBufferBytes: limits.maxBufferSize,
      maxBindingBytes: limits.maxStorageBufferBindingSize,
      memoryBudget: memoryBudget || 4 * limits.maxBufferSize,
    },
    allocate,
    free,
    write: (buffer, data, offset = 0) => {
      device.queue.writeBuffer(
        own(buffer).buffer,
        offset,
        data.buffer as ArrayBuffer,
        data.byteOffset,
        data.byteLength,
      );
    },
    read,
    clear: (buffer) => {
      const encoder = device.createCommandEncoder();
      encoder.clearBuffer(own(buffer).buffer);
      device.queue.submit([encoder.finish()]);
    },
    compile: (program, externals) => loss.alive(compiled(program, externals)),
    prepare: async (program) => void (await Promise.all(launchesOf(program).map(pipelines))),
    discard: (executable) => {
      pool.give(held.get(executable) ?? []);
      held.delete(executable);
    },
    idle: async () => {
      await loss.alive(device.queue.onSubmittedWorkDone());
      check();
    },
    reserve: ({ slots }) => pool.reserve(slots),
    liveBytes: () => live,
    takePeakBytes: () => {
      const most = peak;
      peak = live;
      return most;
    },
    lost: device.lost.then(({ message, reason }) => message || reason),
    release: () => {
      for (const { buffer } of buffers) buffer.destroy();
      buffers.clear();
      device.destroy();
    },
  };
}
