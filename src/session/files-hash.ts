/** What a folder holds, by its bytes: SHA-256 over its files' names and digests, in the order of the names. */
import { createHasher } from "@/hub/digest";
import { sha256Hex } from "@/util/sha256";
import type { NamedFile } from "@/worker/api/sources";

/** Files that change nothing of what a model says. */
const BESIDE = /(^|\/)(README\.md|LICENSE.*|\.gitattributes)$/i;
const PIECE = 16_000_000;

export async function filesHash(files: readonly NamedFile[]): Promise<string> {
  const lines: string[] = [];
  for (const { name, blob } of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (BESIDE.test(name)) continue;
    const hasher = await createHasher("sha256", blob.size);
    for (let at = 0; at < blob.size; at += PIECE) {
      hasher.update(new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer()));
    }
    lines.push(`${name} ${hasher.hex()}`);
  }
  return sha256Hex(new TextEncoder().encode(lines.join("\n")));
}
