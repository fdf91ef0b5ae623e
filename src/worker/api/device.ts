/** The device that was chosen, and what a run takes of its memory, as types only. */
export interface DeviceInfo {
  readonly target: "webgpu" | "cpu";
  readonly description: string;
  readonly software: boolean;
  /** One line for people: which engine was chosen, and what it means for them. */
  readonly notice: string;
  readonly memoryBudget: number;
}

export interface MemoryLine {
  readonly name: string;
  readonly bytes: number;
}

export interface MemoryPlan {
  readonly lines: readonly MemoryLine[];
  readonly total: number;
  readonly budget: number;
  readonly fits: boolean;
  /** When it does not fit: why, and the nearest setting that does, in words. */
  readonly reason: string;
  readonly advice: string;
}
