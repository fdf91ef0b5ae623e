/** SHA-256 of the texts before the question, as they are sent, for the report's declaration. */
import { sha256Hex } from "@/util/sha256";

/** By what stands before the question in some arm: "skill", "previous". */
export async function textHashes(
  contexts: Readonly<Record<string, string | undefined>>,
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [name, text] of Object.entries(contexts)) {
    if (text !== undefined) hashes[`SHA-256 of the ${name}`] = await sha256Hex(new TextEncoder().encode(text));
  }
  return hashes;
}
