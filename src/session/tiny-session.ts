/** For tests: a session on the CPU engine with a tiny model open, and what a run is told apart by. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeCages } from "@/eval/sandbox/node-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";
import { chooseTarget } from "@/session/choose-target";
import type { Session } from "@/session/contract";
import type { Platform } from "@/session/platform";
import { createSession } from "@/session/session";
import { memoryLocks } from "@/storage/locks";
import { memoryFiles } from "@/storage/memory-files";
import { memoryRecords } from "@/storage/records";
import { sha256Hex } from "@/util/sha256";
import type { RunEvent } from "@/worker/api/run";
import type { DatasetSource, NamedFile } from "@/worker/api/sources";

const FOLDER = "e2e/fixtures/llama-gqa";

export async function openTinySession(more: Partial<Platform> = {}): Promise<Session> {
  const home = { records: memoryRecords(), files: memoryFiles(), locks: memoryLocks() };
  const exported = memoryFiles();
  const unused = async () => Promise.reject(new Error("not needed"));
  const session = createSession({
    openTarget: () => chooseTarget("cpu", undefined),
    runs: async () => home,
    jobs: async () => memoryRecords(),
    bundled: unused,
    sandbox: () => createSandbox(nodeCages(), { programMs: 2_000 }),
    onnxruntime: unused,
    files: async () => memoryFiles(),
    exports: { folder: async () => exported, room: async () => null },
    hub: { endpoint: "http://127.0.0.1:1" },
    ...more,
  });
  const files = readdirSync(FOLDER)
    .filter((name) => /^(config|tokenizer.*|model)\.(json|safetensors)$/.test(name))
    .map((name) => ({ name, blob: new Blob([readFileSync(join(FOLDER, name))]) }));
  await session.openModel({ kind: "files", name: "tiny", files }, () => {});
  return session;
}

export function jsonRows(rows: readonly object[]): DatasetSource {
  const blob = new Blob([rows.map((row) => JSON.stringify(row)).join("\n")]);
  return { kind: "files", name: "rows.jsonl", train: { name: "rows.jsonl", blob } };
}

export async function adapterHash(session: Session): Promise<string> {
  return fileHash(await session.exportAdapter());
}

export async function fileHash([file]: readonly NamedFile[]): Promise<string> {
  return sha256Hex(new Uint8Array(await (file?.blob ?? new Blob()).arrayBuffer()));
}

export interface Watch {
  readonly losses: Map<number, number>;
  readonly warnings: string[];
  onEvent(events: readonly RunEvent[]): void;
}

/** Losses by step; stops the run after `stopAt`. */
export function watch(session: Session, stopAt = Number.POSITIVE_INFINITY): Watch {
  const losses = new Map<number, number>();
  const warnings: string[] = [];
  const onEvent = (events: readonly RunEvent[]) => {
    for (const event of events) {
      if (event.type === "warning") warnings.push(event.message);
      if (event.type !== "step") continue;
      losses.set(event.step, event.loss);
      if (event.step >= stopAt) void session.stop();
    }
  };
  return { losses, warnings, onEvent };
}
