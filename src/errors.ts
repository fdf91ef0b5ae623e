/**
 * The one error that people see: what is wrong (message) and what to do (hint).
 * Codes are stable, so that the page, the CLI and tests can tell cases apart without reading prose.
 */
export type ErrorCode =
  | "device/none"
  | "device/lost"
  | "device/out-of-memory"
  | "memory/over-budget"
  | "model/missing-file"
  | "model/unsupported"
  | "model/bad-shape"
  | "model/bad-config"
  | "file/truncated"
  | "file/malformed"
  | "file/too-large"
  | "tokenizer/malformed"
  | "dataset/malformed"
  | "dataset/empty"
  | "dataset/nothing-to-learn"
  | "dataset/gate"
  | "suite/malformed"
  | "suite/unsupported"
  | "adapter/mismatch"
  | "export/self-test"
  | "export/range"
  | "recipe/invalid"
  | "run/diverged"
  | "run/no-go"
  | "run/reward"
  | "run/stopped"
  | "usage"
  | "network/failed"
  | "hub/denied"
  | "hub/not-found"
  | "hub/corrupt"
  | "job/no-credit"
  | "job/no-flavor"
  | "job/failed"
  | "storage/full"
  | "storage/failed"
  | "internal";

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.hint = options.hint ?? "";
  }
}

/** Any thrown thing as plain data that survives structured clone. */
export function toWire(error: unknown): WireError {
  if (error instanceof AppError) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "internal",
    message,
    hint: "This is a fault in Burnish; please report it with the steps that led here.",
  };
}

export function fromWire(wire: WireError): AppError {
  return new AppError(wire.code, wire.message, { hint: wire.hint });
}
