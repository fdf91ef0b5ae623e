/** Where models and rows come from, as types only. */
/** Named bytes: picked, dropped or read from disk. Blob, so that large files stay on disk until read. */
export interface NamedFile {
  readonly name: string;
  readonly blob: Blob;
}

export type ModelSource =
  | { kind: "bundled"; name: string }
  | { kind: "files"; name: string; files: NamedFile[] }
  /** "hf:owner/name[@revision][/file.gguf]"; the token is used for this one download and forgotten. */
  | { kind: "hub"; reference: string; token?: string };

export type DatasetSource =
  | { kind: "bundled"; name: string }
  | { kind: "files"; name: string; train: NamedFile; eval?: NamedFile }
  /** Any address of http or https that lets this page read it. */
  | { kind: "url"; url: string }
  /** "hf:datasets/owner/name[:config[:split]]"; the token is used for this one set and forgotten. */
  | { kind: "hub"; reference: string; token?: string };
