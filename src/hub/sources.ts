/**
 * The names by which kept runs find their model and data again: "bundled:ember", "hf:owner/name", an address, or
 * "files:NAME" for what a person opened from disk, which has a name but cannot be opened by it.
 */
import { isReference } from "@/hub/reference";
import type { DatasetSource, ModelSource } from "@/worker/api/sources";

export function sourceName(source: ModelSource | DatasetSource): string {
  if (source.kind === "url") return source.url;
  return source.kind === "hub" ? source.reference : `${source.kind}:${source.name}`;
}

export function modelByName(name: string): ModelSource | undefined {
  return bundledByName(name) ?? (isReference(name) ? { kind: "hub", reference: name } : undefined);
}

export function dataByName(name: string): DatasetSource | undefined {
  if (/^https?:/.test(name)) return { kind: "url", url: name };
  return bundledByName(name) ?? (name.startsWith("hf:datasets/") ? { kind: "hub", reference: name } : undefined);
}

function bundledByName(name: string): { kind: "bundled"; name: string } | undefined {
  const bundled = /^bundled:(.+)$/.exec(name)?.[1];
  return bundled === undefined ? undefined : { kind: "bundled", name: bundled };
}
