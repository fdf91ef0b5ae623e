/** The loopback Hub's buckets: made, listed, written by Xet and a batch of JSON lines, read as bytes. */
import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { type Answer, mayWrite, type TestAccount } from "./loopback-upload";
import { answerXet, newXet, type XetState } from "./loopback-xet";

export interface TestBucket {
  readonly isPrivate: boolean;
  readonly files: Map<string, Buffer>;
}

export interface BucketState {
  readonly buckets: Map<string, TestBucket>;
  readonly xet: XetState;
}

export const newBuckets = (): BucketState => ({ buckets: new Map(), xet: newXet() });

export interface BucketRequest {
  readonly method: string;
  readonly path: string;
  readonly account: TestAccount | undefined;
  readonly origin: string;
  body(): Promise<Buffer>;
}

/** A file's bytes, an answer in JSON, or undefined for what concerns no bucket. */
export async function answerBuckets(state: BucketState, request: BucketRequest): Promise<Answer | Buffer | undefined> {
  const { method, path, account, origin } = request;
  if (/^(\/v\d)?\/(xorbs|shards|chunks|xorb-grants)\b/.test(path))
    return answerXet(state.xet, method, path, await request.body());
  const [, api, name = "", rest = ""] = /^\/(api\/)?buckets\/([^/]+\/[^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  if (name === "") return undefined;
  if (!account) return fault(401, "Invalid credentials in Authorization header");
  const bucket = state.buckets.get(name);
  if (method === "POST" && api && rest === "") {
    if (!mayWrite(account, name))
      return fault(403, `You don't have the rights to create a bucket under ${name.split("/")[0]}`);
    if (bucket) return fault(409, "You already created this bucket", { url: `${origin}/buckets/${name}` });
    const { visibility, private: hidden } = z.parse(Create, JSON.parse((await request.body()).toString() || "{}"));
    state.buckets.set(name, { isPrivate: hidden === true || visibility === "private", files: new Map() });
    return { status: 200, body: { url: `${origin}/buckets/${name}`, id: name } };
  }
  if (!bucket || (bucket.isPrivate && !owns(account, name))) return fault(404, "Bucket not found");
  if (!api && rest.startsWith("resolve/")) {
    return bucket.files.get(decodeURIComponent(rest.slice(8))) ?? fault(404, "Entry not found", {}, "EntryNotFound");
  }
  if (method === "DELETE" && rest === "") {
    state.buckets.delete(name);
    return { status: 200, body: {} };
  }
  if (rest === "") {
    const size = [...bucket.files.values()].reduce((sum, { length }) => sum + length, 0);
    const info = {
      id: name,
      private: bucket.isPrivate,
      createdAt: new Date(0).toISOString(),
      size,
      totalFiles: bucket.files.size,
    };
    return { status: 200, body: info };
  }
  if (/^xet-(read|write)-token$/.test(rest)) {
    if (!mayWrite(account, name)) return fault(403, "This token may not write here");
    return { status: 200, body: { accessToken: "xet", casUrl: origin, exp: Math.floor(Date.now() / 1000) + 3600 } };
  }
  if (rest === "tree" || rest.startsWith("tree/"))
    return { status: 200, body: tree(bucket, decodeURIComponent(rest.slice(5))) };
  if (method === "POST" && rest === "batch") {
    if (!mayWrite(account, name)) return fault(403, "This token may not write here");
    return batch(state, bucket, (await request.body()).toString());
  }
  return undefined;
}

const Create = z.object({ visibility: z.nullish(z.string()), private: z.nullish(z.boolean()) });

const owns = ({ name, orgs = [] }: TestAccount, bucket: string) => [name, ...orgs].includes(bucket.split("/")[0] ?? "");

/** Everything below a prefix; the real one pages by 1000. */
function tree({ files }: TestBucket, prefix: string): object[] {
  return [...files]
    .filter(([path]) => prefix === "" || path === prefix || path.startsWith(`${prefix}/`))
    .map(([path, body]) => {
      const xetHash = createHash("sha256").update(body).digest("hex");
      return { type: "file", path, size: body.length, xetHash, uploadedAt: new Date(0).toISOString() };
    });
}

const Line = z.object({
  type: z.enum(["addFile", "copyFile", "deleteFile"]),
  path: z.string(),
  xetHash: z.nullish(z.string()),
});

function batch({ xet }: BucketState, bucket: TestBucket, text: string): Answer {
  const failed: { path: string; error: string }[] = [];
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  for (const line of lines) {
    const { type, path, xetHash } = z.parse(Line, JSON.parse(line));
    const body = xet.files.get(xetHash ?? "");
    if (type === "deleteFile") bucket.files.delete(path);
    else if (body) bucket.files.set(path, body);
    else failed.push({ path, error: "Its content has not arrived" });
  }
  const succeeded = lines.length - failed.length;
  return {
    status: failed.length === lines.length ? 422 : 200,
    body: { success: failed.length === 0, processed: lines.length, succeeded, failed },
  };
}

function fault(status: number, error: string, more: object = {}, code?: string): Answer {
  return { status, body: { error, ...more }, ...(code ? { code } : {}) };
}
