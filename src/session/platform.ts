/** What the core needs from where it runs; the page's worker and Node each bring one. */

import type { OnnxModel, Transformers } from "@/eval/providers/onnx";
import type { Sandbox } from "@/eval/sandbox/sandbox";
import type { Target } from "@/graph/target";
import type { FollowTiming } from "@/offload/follow";
import type { FileStore } from "@/storage/files";
import type { Locks } from "@/storage/locks";
import type { RecordStore } from "@/storage/records";

export type OnnxRuntime = typeof import("onnxruntime-web/wasm");

export interface Platform {
  /** Opens the engine once; later calls give the same. `notice` is one line for people: which engine, and what it means. */
  openTarget(): Promise<{ target: Target; notice: string }>;
  /** A file of `public/`, by its path there: "models/ember/config.json". Throws AppError "model/missing-file". */
  bundled(path: string): Promise<Blob>;
  /** Where downloads are kept. Opens once. */
  files(): Promise<FileStore>;
  /** Where finished exports are kept: folders of files, "" the first, and the bytes that still fit, if that is known. */
  readonly exports: {
    readonly folder: (name: string) => Promise<FileStore>;
    readonly room: () => Promise<number | null>;
  };
  /** Where runs are kept, and who is at work on which. Opens once. */
  runs(): Promise<RunHome>;
  /** A new one for code from elsewhere. It starts nothing before its first program; whoever asked for it closes it. */
  sandbox(): Sandbox;
  /** Where jobs that were submitted from here are kept. Opens once. */
  jobs(): Promise<RecordStore>;
  /** Loaded when it is asked for. */
  onnxruntime(): Promise<OnnxRuntime>;
  /** transformers.js with its runtime's files from here, and where its models may run, best first. Absent: none. */
  readonly transformers?: () => Promise<{ library: Transformers; devices: OnnxModel["devices"] }>;
  /** Where the answers of unfinished evaluations are kept. Absent: nowhere. */
  readonly answers?: () => Promise<FileStore>;
  /** Where models come from, and the token of the one who runs this, if any. */
  readonly hub: { readonly endpoint: string; readonly token?: string | undefined };
  /** How often a job is asked about. Absent: as suits a server far away. */
  readonly jobTiming?: FollowTiming;
}

export interface RunHome {
  readonly records: RecordStore;
  readonly files: FileStore;
  readonly locks: Locks;
}
