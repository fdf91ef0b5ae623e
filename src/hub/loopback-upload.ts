/**
 * The writing half of the loopback Hub: who a token is, new repositories, preupload, LFS batch and PUT, and the commit of
 * JSON lines, as huggingface.co answers them and as its Python client expects them (a judge runs that client on it).
 * Xet is declined, as the protocol allows: whoever offers it falls back to LFS.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import * as z from "zod/mini";

export interface TestAccount {
  readonly name: string;
  readonly orgs?: readonly string[];
  readonly role: "read" | "write" | "fineGrained";
  /** Owners or repositories that a fine-grained token may write to. */
  readonly scoped?: readonly string[];
  /** May a fine-grained token run jobs? */
  readonly jobs?: boolean;
  /** Has it a card, or credit? What is left is counted down by the jobs' ceilings. */
  canPay?: boolean;
  /** Bytes of large files that still fit. */
  quota?: number;
}

export interface UploadState {
  /** By token. */
  readonly accounts: Map<string, TestAccount>;
  /** Large files that have arrived, by sha256. */
  readonly large: Map<string, Buffer>;
  /** Visibility of what was created. */
  readonly visibility: Map<string, string>;
  /** Answers 500 to PUTs of large files from this one on; counts down. */
  failPutsAfter?: number;
}

interface Repo {
  files: ReadonlyMap<string, Buffer>;
  token?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: object;
  /** X-Error-Code. */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Files from this size on are large. */
const LARGE = 4096;
const MAX_BODY = 200_000_000;

export const newUploads = (): UploadState => ({ accounts: new Map(), large: new Map(), visibility: new Map() });

/** Undefined for requests of the reading half. */
export async function answerUpload(
  state: UploadState,
  repos: Map<string, Repo>,
  request: IncomingMessage,
  path: string,
  origin: string,
): Promise<Answer | undefined> {
  const { method } = request;
  const token = tokenOf(request);
  const account = state.accounts.get(token);
  if (path === "/api/whoami-v2") return account ? { status: 200, body: whoAmI(account) } : denied(401);
  if (method === "PUT") return putLarge(state, path, await bodyOf(request));
  if (method !== "POST") return undefined;
  const body = (await bodyOf(request)).toString();
  if (path === "/api/validate-yaml") return { status: 200, body: { errors: [], warnings: [] } };
  if (!account) return denied(401);
  if (path === "/api/repos/create") return create(state, repos, account, token, body, origin);
  const [, name = "", what = ""] =
    /^\/(?:api\/models\/)?([^/]+\/[^/]+?)(?:\.git)?\/(preupload\/main|info\/lfs\/objects\/batch|commit\/main)$/.exec(
      path,
    ) ?? [];
  const repo = repos.get(name);
  if (!repo) return { status: 404, body: { error: "Repository not found" } };
  if (!mayWrite(account, name)) return denied(403);
  if (what.startsWith("preupload")) return preupload(body);
  if (what.startsWith("info")) return batch(state, account, body, origin);
  return commit(state, repo, name, body, origin);
}

export const tokenOf = ({ headers }: IncomingMessage) => /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";

const denied = (status: number): Answer => ({ status, body: { error: "You are not allowed to do this." } });

export function mayWrite({ name, orgs = [], role, scoped = [] }: TestAccount, repo: string): boolean {
  const owner = repo.split("/")[0] ?? "";
  if (role === "fineGrained") return scoped.includes(owner) || scoped.includes(repo);
  return role === "write" && [name, ...orgs].includes(owner);
}

function whoAmI({ name, orgs = [], role, scoped = [], jobs = false, canPay = true }: TestAccount): object {
  const permissions = ["repo.write", ...(jobs ? ["job.write"] : [])];
  const scopes = scoped.map((of) => ({ entity: { type: "user", name: of }, permissions }));
  const fineGrained = role === "fineGrained" ? { fineGrained: { scoped: scopes } } : {};
  return {
    type: "user",
    name,
    fullname: name,
    canPay,
    orgs: orgs.map((org) => ({ type: "org", name: org })),
    auth: { type: "access_token", accessToken: { displayName: "test", role, ...fineGrained } },
  };
}

const Create = z.object({
  name: z.string(),
  organization: z.nullish(z.string()),
  private: z.nullish(z.boolean()),
  visibility: z.nullish(z.string()),
});

function create(
  state: UploadState,
  repos: Map<string, Repo>,
  account: TestAccount,
  token: string,
  text: string,
  origin: string,
): Answer {
  const { name, organization, private: hidden, visibility } = z.parse(Create, JSON.parse(text));
  const repo = `${organization ?? account.name}/${name}`;
  if (!mayWrite(account, repo)) return denied(403);
  const url = `${origin}/${repo}`;
  if (repos.has(repo)) return { status: 409, body: { error: "You already created this model repo", url } };
  const seen = visibility ?? (hidden ? "private" : "public");
  repos.set(repo, { files: new Map(), ...(seen === "private" ? { token } : {}) });
  state.visibility.set(repo, seen);
  return { status: 200, body: { url, name: repo, id: repo } };
}

const Preupload = z.object({ files: z.array(z.object({ path: z.string(), size: z.int() })) });

function preupload(text: string): Answer {
  const { files } = z.parse(Preupload, JSON.parse(text));
  const modes = files.map(({ path, size }) => ({
    path,
    uploadMode: size > LARGE || /\.(safetensors|gguf|onnx|onnx_data)$/.test(path) ? "lfs" : "regular",
    shouldIgnore: false,
  }));
  return { status: 200, body: { files: modes } };
}

const Batch = z.object({ objects: z.array(z.object({ oid: z.string(), size: z.int() })) });

function batch(state: UploadState, account: TestAccount, text: string, origin: string): Answer {
  const { objects } = z.parse(Batch, JSON.parse(text));
  const missing = objects.filter(({ oid }) => !state.large.has(oid));
  const needed = missing.reduce((sum, { size }) => sum + size, 0);
  if (account.quota !== undefined && needed > account.quota) {
    return { status: 403, body: { error: "Private repository storage limit reached" } };
  }
  const answers = objects.map(({ oid, size }) => {
    const absent = missing.some((one) => one.oid === oid);
    return { oid, size, ...(absent ? { actions: { upload: { href: `${origin}/lfs/${oid}` } } } : {}) };
  });
  return { status: 200, body: { transfer: "basic", objects: answers } };
}

function putLarge(state: UploadState, path: string, body: Buffer): Answer {
  const oid = /^\/lfs\/([0-9a-f]{64})$/.exec(path)?.[1];
  if (state.failPutsAfter !== undefined && state.failPutsAfter-- <= 0)
    return { status: 500, body: { error: "broken" } };
  if (oid === undefined || createHash("sha256").update(body).digest("hex") !== oid) {
    return { status: 400, body: { error: "The content does not fit its digest." } };
  }
  state.large.set(oid, body);
  return { status: 200, body: {} };
}

const Line = z.discriminatedUnion("key", [
  z.object({ key: z.literal("header"), value: z.looseObject({ summary: z.string() }) }),
  z.object({
    key: z.literal("file"),
    value: z.object({ path: z.string(), content: z.string(), encoding: z.literal("base64") }),
  }),
  z.object({ key: z.literal("lfsFile"), value: z.looseObject({ path: z.string(), oid: z.string(), size: z.int() }) }),
  z.object({ key: z.literal("deletedFile"), value: z.object({ path: z.string() }) }),
]);

/** All or nothing, as git does. */
function commit(state: UploadState, repo: Repo, name: string, text: string, origin: string): Answer {
  const files = new Map(repo.files);
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const { key, value } = z.parse(Line, JSON.parse(line));
    if (key === "file") files.set(value.path, Buffer.from(value.content, "base64"));
    if (key === "deletedFile") files.delete(value.path);
    if (key !== "lfsFile") continue;
    const body = state.large.get(value.oid);
    if (body?.length !== value.size) return { status: 400, body: { error: `${value.path} has not arrived` } };
    files.set(value.path, body);
  }
  repo.files = files;
  const commitOid = createHash("sha1")
    .update([...files.keys()].join())
    .digest("hex");
  const commitUrl = `${origin}/${name}/commit/${commitOid}`;
  return { status: 200, body: { success: true, commitOid, commitUrl, hookOutput: "" } };
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BODY) throw new Error("a body without end");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
