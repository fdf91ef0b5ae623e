/**
 * An export to a repository of the Hub, by @huggingface/hub: it creates the repository (private unless told), hashes, sends
 * large files by LFS or Xet, and makes one commit at the end, so that a push that breaks off changes nothing that anyone
 * sees. What has arrived stays: pushing again sends the rest only.
 *
 * The library is loaded when it is needed. All that can be known is said first: the token, its scope, names, what is there.
 */
import type { CommitProgressEvent } from "@huggingface/hub";
import { AppError } from "@/errors";
import { whoAmI } from "./account";
import { type Hub, impatient, requireSafeToken } from "./client";
import { listFiles } from "./models";
import { parseReference } from "./reference";

export interface PushFile {
  /** Within the repository, folders by "/". */
  readonly path: string;
  readonly blob: Blob;
}

export interface PushRequest {
  /** "owner/name" */
  readonly repo: string;
  readonly isPublic: boolean;
  readonly files: readonly PushFile[];
  /** Of the commit. */
  readonly title: string;
  /** A repository that is there already gets a further commit; else that is refused. */
  readonly update: boolean;
}

export interface PushCheck {
  readonly repo: string;
  /** Whose token it is. */
  readonly account: string;
  readonly exists: boolean;
  /** Files of the repository that this push replaces. */
  readonly replaces: readonly string[];
  readonly bytes: number;
}

export interface PushProgress {
  readonly phase: "check" | "hash" | "send" | "commit";
  /** Bytes of all files, hashed or sent. */
  readonly done: number;
  readonly total: number;
}

export interface Pushed {
  /** The page of the repository. */
  readonly url: string;
  readonly commit: string;
}

/** Throws "usage" for names, "hub/denied" for tokens, before anything is made or sent. */
export async function checkPush(hub: Hub, request: PushRequest): Promise<PushCheck> {
  const repo = repoName(request.repo);
  const { files } = request;
  if (files.length === 0) throw new AppError("usage", "There is nothing to push.", { hint: "Export something first." });
  for (const { path } of files) checkPath(path);
  const account = await whoAmI(hub);
  const refusal = account.refusal(repo);
  if (refusal !== null) {
    throw new AppError("hub/denied", refusal, {
      hint: "Make a token with write permission there at huggingface.co/settings/tokens, or choose another owner.",
    });
  }
  const present = await filesOf(hub, repo);
  const replaces = files.flatMap(({ path }) => (present?.has(path) ? [path] : []));
  const bytes = files.reduce((sum, { blob }) => sum + blob.size, 0);
  return { repo, account: account.name, exists: present !== null, replaces, bytes };
}

/** Throws as checkPush does; "hub/denied", "storage/full" (quota), "network/failed", "run/stopped" on the way. */
export async function push(
  hub: Hub,
  request: PushRequest,
  onProgress: (progress: PushProgress) => void = () => {},
): Promise<Pushed> {
  const { repo, exists, replaces, bytes: total } = await checkPush(hub, request);
  if (exists && !request.update) {
    const what = replaces.length > 0 ? ` and has ${replaces.slice(0, 4).join(", ")} already` : "";
    throw new AppError("usage", `${repo} exists${what}.`, {
      hint: "Choose another name, or say that it is to be updated (--update).",
    });
  }
  onProgress({ phase: "check", done: 0, total });
  const { createRepo, uploadFilesWithProgress } = await import("@huggingface/hub");
  const access = { accessToken: hub.token?.trim() ?? "", hubUrl: hub.endpoint };
  try {
    // The library listens to a signal, but does not look at one that has come already.
    hub.signal?.throwIfAborted();
    if (!exists) await createRepo({ repo, ...access, visibility: request.isPublic ? "public" : "private" });
    const events = uploadFilesWithProgress({
      repo,
      files: request.files.map(({ path, blob }) => ({ path, content: blob })),
      commitTitle: request.title,
      ...access,
      ...(hub.signal ? { abortSignal: hub.signal } : {}),
    });
    const meter = createMeter(request.files, onProgress);
    for (;;) {
      hub.signal?.throwIfAborted();
      const { done, value } = await events.next();
      if (!done) meter(value);
      else return { url: `${hub.endpoint}/${repo}`, commit: value?.commit.oid ?? "" };
    }
  } catch (error) {
    throw hub.signal?.aborted ? stopped(error) : explained(error, repo);
  }
}

export function repoName(text: string): string {
  const { repo, file } = parseReference(text);
  if (file === undefined && !/^hf:|@|:\/\//.test(text.trim())) return repo;
  throw new AppError("usage", `"${text.slice(0, 80)}" is not the name of a repository.`, {
    hint: "Write owner/name.",
  });
}

/** Nothing that leaves the repository or is git's own. */
function checkPath(path: string): void {
  const parts = path.split("/");
  const sound = parts.every((part) => /^[\w.+ -]+$/.test(part) && !/^\.{1,2}$|^\.git$/i.test(part));
  if (sound && path.length <= 200) return;
  throw new AppError("usage", `${JSON.stringify(path.slice(0, 80))} cannot be the name of a file on the Hub.`, {
    hint: "Use letters, digits, dots, dashes and underscores, with folders by /.",
  });
}

/** Null where there is no such repository, or none that this token sees. */
async function filesOf(hub: Hub, repo: string): Promise<ReadonlySet<string> | null> {
  try {
    requireSafeToken(hub);
    const { files } = await listFiles(impatient(hub, 2), { repo, revision: "main" });
    return new Set(files.map(({ path }) => path));
  } catch (error) {
    if (error instanceof AppError && (error.code === "hub/denied" || error.code === "hub/not-found")) return null;
    throw error;
  }
}

/** Sums the shares of single files; hashing reports nothing in between without workers. */
function createMeter(files: readonly PushFile[], onProgress: (progress: PushProgress) => void) {
  const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
  const sizes = new Map(files.map(({ path, blob }) => [path, blob.size]));
  const shares = { hashing: new Map<string, number>(), uploading: new Map<string, number>() };
  let phase: PushProgress["phase"] = "check";
  const doneOf = (parts: ReadonlyMap<string, number>) =>
    [...parts].reduce((sum, [path, share]) => sum + share * (sizes.get(path) ?? 0), 0);
  return (event: CommitProgressEvent) => {
    if (event.event === "phase") {
      if (event.phase === "committing") phase = "commit";
    } else if (event.state !== "error") {
      shares[event.state].set(event.path, event.progress);
      phase = event.state === "hashing" ? "hash" : "send";
    }
    const done = phase === "commit" ? total : doneOf(shares[phase === "hash" ? "hashing" : "uploading"]);
    onProgress({ phase, done, total });
  };
}

function stopped(cause: unknown): AppError {
  return new AppError("run/stopped", "The push was stopped; the repository is as it was.", { hint: AGAIN, cause });
}

const AGAIN = "Push again when you like: what has arrived is not sent twice.";

/** What the library throws, in words. */
function explained(error: unknown, repo: string): AppError {
  if (error instanceof AppError) return error;
  const { statusCode, message = "" } = (error ?? {}) as { statusCode?: number; message?: string };
  const said = message.replace(/\. URL: .*$/s, "").slice(0, 200);
  if (statusCode === 413 || statusCode === 507 || /quota|storage limit|exceed/i.test(said)) {
    return new AppError("storage/full", `The Hub has no room for this: ${said}`, {
      hint: "Free some storage in your account, push it publicly, or export a smaller quantisation.",
      cause: error,
    });
  }
  if (statusCode === 401 || statusCode === 403) {
    return new AppError("hub/denied", `The Hub does not let this token write to ${repo}: ${said}`, {
      hint: "Make a token with write permission at huggingface.co/settings/tokens.",
      cause: error,
    });
  }
  if (statusCode === 409) {
    return new AppError("usage", `${repo} has just been made by someone else, or by you elsewhere.`, {
      hint: "Push again with --update, or choose another name.",
      cause: error,
    });
  }
  const status = statusCode === undefined ? "the connection broke" : `it answered ${statusCode}`;
  return new AppError("network/failed", `The push did not reach the Hub whole: ${status} (${said}).`, {
    hint: AGAIN,
    cause: error,
  });
}
