/**
 * What a revision of a model holds: the commit that it is, and each file with its size and its digest. From here on only
 * the commit is asked for, so that a branch that moves during a download cannot mix two models.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { ask, type Hub, patiently, readJson } from "./client";
import type { Digest } from "./digest";
import { type HubReference, isCommit } from "./reference";

export interface HubFile {
  /** Within the repository. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly digest: Digest;
}

export interface Listing {
  readonly repo: string;
  /** The commit. */
  readonly sha: string;
  readonly files: readonly HubFile[];
  /** As the repository's card names it. */
  readonly license?: string;
}

const size = z.int().check(z.nonnegative());
const Model = z.object({
  // Written by whoever made the repository, and checked by no one: a licence that is no word counts as none.
  cardData: z.optional(z.unknown()),
  sha: z.string().check(z.regex(/^[0-9a-f]{40}$/)),
  siblings: z
    .array(
      z.object({
        rfilename: z.string(),
        size: z.nullish(size),
        blobId: z.nullish(z.string()),
        lfs: z.nullish(z.object({ sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)), size })),
      }),
    )
    .check(z.maxLength(20_000)),
});

const Card = z.object({ license: z.string().check(z.maxLength(100)) });

export async function listFiles(hub: Hub, { repo, revision }: HubReference): Promise<Listing> {
  const path = `/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const model = await patiently(
    hub,
    () => 0,
    async () => readJson(await ask(hub, path, repo), `The list of ${repo}'s files`, Model),
  );
  if (isCommit(revision) && model.sha !== revision) {
    throw new AppError("hub/corrupt", `The Hub answered for commit ${model.sha}, asked for ${revision}.`);
  }
  const files = model.siblings.flatMap(({ rfilename, size: bytes, blobId, lfs }): HubFile[] => {
    if (lfs) return [{ path: rfilename, size: lfs.size, digest: { kind: "sha256", hex: lfs.sha256 } }];
    // A file whose content cannot be checked counts as absent.
    const known = typeof bytes === "number" && typeof blobId === "string" && isCommit(blobId);
    return known ? [{ path: rfilename, size: bytes, digest: { kind: "git-sha1", hex: blobId } }] : [];
  });
  const card = z.safeParse(Card, model.cardData);
  return { repo, sha: model.sha, files, ...(card.success ? { license: card.data.license } : {}) };
}

/** The address of a file's bytes at a commit. */
export function filePath(repo: string, sha: string, path: string): string {
  return `/${repo}/resolve/${sha}/${path.split("/").map(encodeURIComponent).join("/")}`;
}
