/**
 * A Hub on this machine for tests: the two kinds of request that we make, over folders, with everything that can go
 * wrong on demand. It speaks as huggingface.co does: commit, sizes, LFS digests, Range, X-Error-Code, CORS.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { answerBuckets, type BucketState, newBuckets } from "./loopback-buckets";
import { type JobsState, mayRun, newJobs } from "./loopback-job-state";
import { answerStream } from "./loopback-job-streams";
import { answerJobs } from "./loopback-jobs";
import { answerLogin, type LoginState, newLogins } from "./loopback-login";
import { answerUpload, bodyOf, newUploads, tokenOf, type UploadState } from "./loopback-upload";

export interface TestRepo {
  /** Replaced as a whole to make a new commit. */
  files: ReadonlyMap<string, Buffer>;
  /** What it takes to read its files. */
  token?: string;
  gated?: boolean;
  /** What its card names, as the Hub reads it: a word, or whatever the owner wrote. */
  license?: unknown;
}

export interface Faults {
  /** Bytes of a body after which the connection is cut, once each. */
  cuts: number[];
  /** Milliseconds from the last byte to the cut: a receiver may drop what it has not read by then. */
  cutDelay: number;
  /** Changes a body that is sent; the list stays true. */
  corrupt?: (path: string, body: Buffer) => Buffer;
  /** Answers with a web page. */
  html?: "all" | "files";
  /** Answers the list with JSON that never ends. */
  endless?: boolean;
  /** Ignores Range. */
  wholeOnly?: boolean;
  /** Statuses to answer with first. */
  statuses: number[];
}

export interface TestHub {
  readonly url: string;
  readonly repos: Map<string, TestRepo>;
  readonly uploads: UploadState;
  readonly logins: LoginState;
  readonly buckets: BucketState;
  readonly jobs: JobsState;
  readonly faults: Faults;
  /** "GET path bytes=…", in order. */
  readonly log: string[];
  /** Bytes of bodies that were sent. */
  sent: number;
  close(): Promise<void>;
}

const LFS_BYTES = 4096;
const sha = (kind: string, ...parts: (string | Buffer)[]) => {
  const hash = createHash(kind);
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

export const commitOf = ({ files }: TestRepo) => sha("sha1", ...[...files].flat());

export function folderFiles(folder: string, names = readdirSync(folder)): Map<string, Buffer> {
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

export async function startHub(): Promise<TestHub> {
  const hub: Omit<TestHub, "url" | "close"> = {
    repos: new Map(),
    uploads: newUploads(),
    logins: newLogins(),
    buckets: newBuckets(),
    jobs: newJobs(),
    faults: { cuts: [], cutDelay: 20, statuses: [] },
    log: [],
    sent: 0,
  };
  const server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return Object.assign(hub, { url: `http://127.0.0.1:${port}`, close });
}

const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "Authorization, Range, Content-Type, Accept, X-Request-Id, X-Xet-Session-Id",
  "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE",
  "Access-Control-Expose-Headers": "X-Error-Code, Content-Range, ETag, Link",
};

async function answer(
  hub: Omit<TestHub, "url" | "close">,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> {
  const send = (status: number, body: string | Buffer, headers: Record<string, string> = {}) => {
    response.writeHead(status, { ...CORS, "Content-Type": "application/json", ...headers });
    return response.end(body);
  };
  if (request.method === "OPTIONS") return send(204, "");
  const address = new URL(request.url ?? "/", "http://hub");
  const { pathname: path, search } = address;
  hub.log.push(`${request.method} ${path}${search} ${request.headers.range ?? ""}`.trim());
  const { faults } = hub;
  const status = faults.statuses.shift();
  if (status !== undefined) return send(status, "{}");
  if (faults.html === "all" || (faults.html === "files" && path.includes("/resolve/"))) {
    return send(200, "<!doctype html><p>Log in to this hotel's network</p>", { "Content-Type": "text/html" });
  }
  const origin = `http://${request.headers.host}`;
  const login = await answerLogin(hub.logins, request, address, origin);
  if (login) return send(login.status, JSON.stringify(login.body), login.location ? { Location: login.location } : {});
  const beyond = await answerBeyond(hub, request, response, new URL(address.pathname + search, origin));
  if (beyond === true) return;
  if (Buffer.isBuffer(beyond)) return sendFile(hub, request, response, beyond, "");
  if (beyond) {
    const code: Record<string, string> = beyond.code ? { "X-Error-Code": beyond.code } : {};
    return send(beyond.status, JSON.stringify(beyond.body), { ...code, ...beyond.headers });
  }
  const written = await answerUpload(hub.uploads, hub.repos, request, path, origin);
  if (written) return send(written.status, JSON.stringify(written.body));
  const [, api, file] =
    /^(?:\/api\/models\/([^/]+\/[^/]+)(?:\/(?:revision|tree)\/.+)?|\/(.+\/.+)\/resolve\/.+)$/.exec(path) ?? [];
  const repo = hub.repos.get(api ?? file ?? "");
  if (!repo) return send(401, "{}", { "X-Error-Code": "RepoNotFound" });
  const known = repo.token === undefined || request.headers.authorization === `Bearer ${repo.token}`;
  // The list of a gated model is public, its files are not.
  if (!known && !(repo.gated && api))
    return send(401, "{}", { "X-Error-Code": repo.gated ? "GatedRepo" : "RepoNotFound" });
  const revision = decodeURIComponent(
    path.split(api ? /\/(?:revision|tree)\// : "/resolve/")[1]?.split("/")[0] ?? "main",
  );
  const commit = commitOf(repo);
  if (revision !== commit && (revision !== "main" || (file && request.method !== "HEAD")))
    return send(404, "{}", { "X-Error-Code": "RevisionNotFound" });
  if (api && faults.endless) return pour(response);
  if (api && path.includes("/tree/")) return send(200, JSON.stringify(tree(repo)));
  if (api) return send(200, JSON.stringify(listing(repo)));
  const name = decodeURIComponent(path.split(`/resolve/${commit}/`)[1] ?? "");
  const body = repo.files.get(name);
  if (!body) return send(404, "{}", { "X-Error-Code": "EntryNotFound" });
  sendFile(hub, request, response, faults.corrupt?.(name, body) ?? body, commit);
}

/** Buckets and jobs. */
async function answerBeyond(
  { uploads, buckets, jobs }: Pick<TestHub, "uploads" | "buckets" | "jobs">,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) {
  const account = uploads.accounts.get(tokenOf(request));
  const { method = "GET" } = request;
  const allowed = (ns: string) => (account ? (mayRun(account, ns) ? 0 : 403) : 401);
  if (answerStream(jobs, url, allowed, response, CORS)) return true;
  const asked = { method, path: url.pathname, account, origin: url.origin, body: () => bodyOf(request) };
  return (
    (await answerBuckets(buckets, asked)) ??
    (await answerJobs(jobs, { method, url, account, body: async () => (await bodyOf(request)).toString() }))
  );
}

function pour(response: ServerResponse): void {
  const piece = "[".repeat(1 << 20);
  response.writeHead(200, { "Content-Type": "application/json" });
  const more = () => {
    if (!response.destroyed) response.write(piece, () => setImmediate(more));
  };
  more();
}

interface Sibling {
  readonly rfilename: string;
  readonly size: number;
  readonly blobId: string;
  readonly lfs?: { readonly sha256: string; readonly size: number; readonly pointerSize: number };
}

function listing(repo: TestRepo): {
  id: string;
  sha: string;
  siblings: Sibling[];
  gated: string | false;
  private: boolean;
  cardData?: object;
} {
  const siblings = [...repo.files].map(([rfilename, body]) => {
    const size = body.length;
    const blobId = sha("sha1", `blob ${size}\0`, body);
    const lfs = size > LFS_BYTES ? { lfs: { sha256: sha("sha256", body), size, pointerSize: 134 } } : {};
    return { rfilename, size, blobId, ...lfs };
  });
  const cardData = repo.license === undefined ? {} : { cardData: { license: repo.license } };
  const gated = repo.gated ? "manual" : false;
  return {
    id: "test/model",
    sha: commitOf(repo),
    siblings,
    gated,
    private: repo.token !== undefined && !gated,
    ...cardData,
  };
}

/** The same list as the Python client asks for it. */
const tree = (repo: TestRepo) =>
  listing(repo).siblings.map(({ rfilename, size, blobId, lfs }) => ({
    ...{ type: "file", path: rfilename, size, oid: blobId },
    ...(lfs ? { lfs: { oid: lfs.sha256, size, pointerSize: lfs.pointerSize } } : {}),
  }));

function sendFile(
  hub: Omit<TestHub, "url" | "close">,
  { headers, method }: IncomingMessage,
  response: ServerResponse,
  whole: Buffer,
  commit: string,
): void {
  const first = Number(/^bytes=(\d+)-/.exec(hub.faults.wholeOnly ? "" : (headers.range ?? ""))?.[1] ?? Number.NaN);
  const ranged = !Number.isNaN(first);
  if (ranged && first >= whole.length) {
    response.writeHead(416, CORS).end();
    return;
  }
  const body = ranged ? whole.subarray(first) : whole;
  const part = ranged ? { "Content-Range": `bytes ${first}-${whole.length - 1}/${whole.length}` } : {};
  response.writeHead(ranged ? 206 : 200, {
    ...CORS,
    ...part,
    "Content-Type": "application/octet-stream",
    "Content-Length": body.length,
    // What the Python client asks of a file before it fetches it.
    "X-Repo-Commit": commit,
    ETag: JSON.stringify(sha("sha256", whole)),
  });
  if (method === "HEAD") {
    response.end();
    return;
  }
  const cut = hub.faults.cuts[0];
  if (cut === undefined || cut >= body.length) {
    hub.sent += body.length;
    response.end(body);
    return;
  }
  hub.faults.cuts.shift();
  hub.sent += cut;
  response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), hub.faults.cutDelay));
}
