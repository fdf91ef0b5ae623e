/**
 * The seam between what is computed and who computes it.
 *
 * A traced program is plain data: a list of kernel calls over named tensors. A target (WebGPU in `gpu/`, WASM in
 * `cpu/`) allocates buffers, compiles such a list once and replays it. Neither side knows the other.
 */

/** How elements are stored. Activations are f32 or f16; indices u32; frozen weights may be any weight format. */
export type WeightFormat =
  | "f32"
  | "f16"
  | "bf16"
  | "q8_0"
  | "q4_0"
  | "q4_1"
  | "q5_0"
  | "q5_1"
  | "q4_k"
  | "q5_k"
  | "q6_k"
  | "nf4";
export type Format = WeightFormat | "u32";
/** How a forward's results are kept. All sums, gradients, losses and statistics are f32 in either. */
export type Activations = "f32" | "f16";

/** One buffer as the trace sees it. Externals are bound by name at compile time; temporaries get a slot from the planner. */
export interface Storage {
  readonly name: string;
  readonly bytes: number;
  readonly external: boolean;
}

/** A shaped range of a storage. `offset` is in bytes and a multiple of 256, because WebGPU binds at such offsets only. */
export interface Tensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly format: Format;
  /** True when the loss depends on it through something that is trained. */
  readonly needsGrad: boolean;
  /** Where its gradient is summed, for trained parameters only. */
  readonly grad?: Tensor;
}

export interface Call {
  /** Shader file stem and entry point: "rmsnorm.backward". */
  readonly kernel: string;
  readonly reads: Readonly<Record<string, Tensor>>;
  /** Written; a tensor that held values before is updated in place. */
  readonly writes: Readonly<Record<string, Tensor>>;
  readonly constants: Readonly<Record<string, number>>;
  /** Workgroups per dimension. Only WebGPU looks at it; the CPU splits by shape. */
  readonly grid: readonly [number, number, number];
  /** Where in the model: "layers.3.attention.rope". */
  readonly label: string;
}

/** Where a temporary lies: an index into the slots, and bytes from that slot's start. */
export interface Place {
  readonly slot: number;
  readonly offset: number;
}

export interface Program {
  readonly name: string;
  readonly calls: readonly Call[];
  /** Calls before the point at which the host may look and write, and after which the rest runs; all, without such a point. */
  readonly pause: number;
  /** Bytes of each slot; a slot is one buffer shared by temporaries that never live together. */
  readonly slots: readonly number[];
  readonly placeOf: ReadonlyMap<Storage, Place>;
  /** Lower bound of temporaries alive at once, for comparison with the slots' sum. */
  readonly peakBytes: number;
}

/** A buffer on the device. What is inside belongs to the target that made it. */
export interface DeviceBuffer {
  readonly bytes: number;
  readonly label: string;
}

export type Part = "all" | "before" | "after";

/** First call of a part, and the one behind its last. */
export function partOf({ calls, pause }: Program, part: Part): readonly [from: number, to: number] {
  return [part === "after" ? pause : 0, part === "before" ? pause : calls.length];
}

export interface Executable {
  readonly program: Program;
  /**
   * Enqueue the list (WebGPU) or run it to its end (CPU): all of it, or its part before or after the program's pause.
   * Reads see its results in order. Between the two parts no other program may run, since slots are shared.
   */
  run(part?: Part): void | Promise<void>;
  /** Run call by call; returns milliseconds of each, by the device's own clock where it has one. For benches and debugging. */
  profile(): Promise<Float64Array>;
}

export interface TargetLimits {
  /** Largest single buffer, bytes. */
  readonly maxBufferBytes: number;
  /** Largest range one kernel may bind, bytes. */
  readonly maxBindingBytes: number;
  /** What may be allocated in all, bytes; a plan above it is refused before anything is allocated. */
  readonly memoryBudget: number;
}

export interface Target {
  readonly name: "webgpu" | "cpu";
  /** For people: "SwiftShader Device (software)". */
  readonly description: string;
  /** True when the work runs on the CPU in the end, whatever the API. */
  readonly software: boolean;
  readonly limits: TargetLimits;
  /** The format that training's programs are to be traced with. */
  readonly activations: Activations;
  /** Row counts of matrices must be multiples of it: generation pads its rows so, training's buckets always fit. */
  readonly rowTile: number;
  /** Zero-filled. Throws AppError "device/out-of-memory". */
  allocate(bytes: number, label: string): DeviceBuffer;
  free(buffer: DeviceBuffer): void;
  write(buffer: DeviceBuffer, data: ArrayBufferView, offset?: number): void;
  /** Waits for all that was enqueued before. */
  read(buffer: DeviceBuffer, offset?: number, bytes?: number): Promise<ArrayBuffer>;
  clear(buffer: DeviceBuffer): void;
  /** Throws AppError "internal" naming the kernel and operand when a call does not fit its kernel. */
  compile(program: Program, externals: ReadonlyMap<string, DeviceBuffer>): Promise<Executable>;
  /** Makes what a program's compile will wait for, where that takes time and none of the device's memory. */
  prepare?(program: Program): Promise<void>;
  /** Frees what a compiled program holds alone; slots stay in the shared pool. */
  discard(executable: Executable): void;
  idle(): Promise<void>;
  /** Makes the slot pool fit this program, so that smaller ones that come first find their place in it. */
  reserve(program: Program): void;
  /** Bytes allocated now: everything asked for through `allocate`, and the slot pool. */
  liveBytes(): number;
  /** The most that was ever live since the last call. */
  takePeakBytes(): number;
  /** Resolves when the device is gone (lost GPU, dead worker); never otherwise. */
  readonly lost: Promise<string>;
  release(): void;
}
