/** A model that is open or kept, as types only. */

/** How a safetensors base is kept on the device; "auto": as wide as its file, or the widest that fits. A GGUF keeps its own formats. */
export type BaseDtype = "auto" | "f32" | "bf16" | "f16" | "int8" | "nf4";

export interface ModelInfo {
  readonly name: string;
  readonly architecture: string;
  readonly parameters: number;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocab: number;
  readonly contextLength: number;
  readonly tied: boolean;
  readonly weightFormat: string;
  readonly weightBytes: number;
  readonly chatTemplate: boolean;
}

/** A model of the Hub that is kept here, or a part of it. */
export interface CachedModel {
  /** "hf:owner/name[@revision][/file.gguf]" */
  readonly reference: string;
  readonly commit: string;
  /** Bytes that are here, and bytes of the whole. */
  readonly bytes: number;
  readonly total: number;
}

/** Bytes. `download` is there while they come from the Hub; its time left is null until the speed is known. */
export type OpenProgress = (done: number, total: number, download?: { readonly secondsLeft: number | null }) => void;
