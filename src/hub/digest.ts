/**
 * The two digests by which the Hub names content: SHA-256 of large files, and Git's SHA-1 of small ones, which is taken
 * over "blob SIZE\0" and the content. Both grow with the bytes, so a file of gigabytes is never held.
 */
export interface Digest {
  readonly kind: "sha256" | "git-sha1";
  readonly hex: string;
}

export interface Hasher {
  update(bytes: Uint8Array): void;
  hex(): string;
}

export async function createHasher(kind: Digest["kind"], size: number): Promise<Hasher> {
  // WebCrypto digests only what is whole in memory. Loaded late: most visits download nothing.
  const { createSHA1, createSHA256 } = await import("hash-wasm");
  const hasher = kind === "sha256" ? await createSHA256() : await createSHA1();
  hasher.init();
  if (kind === "git-sha1") hasher.update(`blob ${size}\0`);
  return { update: (bytes) => void hasher.update(bytes), hex: () => hasher.digest("hex") };
}

/** Content lies in the store under its digest: the same file of two revisions is fetched and kept once. */
export const blobName = ({ kind, hex }: Digest) => `${kind}-${hex}`;
