/** SHA-256 of bytes that are whole in memory, as hex. Not WebCrypto's: a page served over plain HTTP has none. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const { sha256 } = await import("hash-wasm");
  return sha256(bytes);
}
