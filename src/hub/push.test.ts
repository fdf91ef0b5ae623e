import { afterEach, beforeEach, expect, test } from "vitest";
import type { Hub } from "./client";
import { startHub, type TestHub } from "./loopback-hub";
import { checkPush, type PushProgress, type PushRequest, push } from "./push";

const TOKEN = "hf_mayWrite";
let hub: TestHub;
beforeEach(async () => {
  hub = await startHub();
  hub.uploads.accounts.set(TOKEN, { name: "me", orgs: ["us"], role: "write" });
});
afterEach(() => hub.close());

const at = (token: string | undefined = TOKEN): Hub => ({
  endpoint: hub.url,
  token,
  patience: { waits: [], stall: 5000 },
});
const file = (path: string, bytes: number | string) => ({
  path,
  blob: new Blob([typeof bytes === "string" ? bytes : new Uint8Array(bytes).fill(7)]),
});
const FILES = [file("README.md", "# Card"), file("model.gguf", 50_000), file("onnx/model.onnx", 9000)];
const request = (changes: Partial<PushRequest> = {}): PushRequest => ({
  repo: "me/tuned",
  isPublic: false,
  files: FILES,
  title: "Trained with Burnish",
  update: false,
  ...changes,
});
const writes = () => hub.log.filter((line) => /^(POST|PUT)/.test(line));

test("makes a private repository of all files in one commit", async () => {
  const seen: PushProgress[] = [];
  const { url, commit } = await push(at(), request(), (progress) => seen.push(progress));
  expect(url).toBe(`${hub.url}/me/tuned`);
  expect(commit).toMatch(/^[0-9a-f]{40}$/);
  expect(hub.uploads.visibility.get("me/tuned")).toBe("private");
  const { files } = hub.repos.get("me/tuned") ?? { files: new Map() };
  expect([...files].map(([name, body]) => `${name} ${body.length}`).sort()).toEqual([
    "README.md 6",
    "model.gguf 50000",
    "onnx/model.onnx 9000",
  ]);
  expect(hub.log.filter((line) => line.includes("/commit/"))).toHaveLength(1);
  expect(seen.at(-1)).toEqual({ phase: "commit", done: 59_006, total: 59_006 });
});

test("public only when told, in an organisation of the token's owner", async () => {
  await push(at(), request({ repo: "us/tuned", isPublic: true }));
  expect(hub.uploads.visibility.get("us/tuned")).toBe("public");
});

test("a repository that is there is left alone, unless it is to be updated", async () => {
  await push(at(), request());
  hub.log.length = 0;
  await expect(push(at(), request())).rejects.toMatchObject({ code: "usage", message: /exists and has README\.md/ });
  expect(writes()).toEqual([]);
  expect(await checkPush(at(), request())).toMatchObject({ exists: true, account: "me", bytes: 59_006 });
  await push(at(), request({ update: true, files: [file("README.md", "# Better")] }));
  expect(hub.repos.get("me/tuned")?.files.get("README.md")?.toString()).toBe("# Better");
  expect(hub.repos.get("me/tuned")?.files.size).toBe(3);
});

test("a push that broke off changes nothing, and sends the rest only the next time", async () => {
  hub.uploads.failPutsAfter = 1;
  await expect(push(at(), request())).rejects.toMatchObject({ code: "network/failed" });
  expect(hub.repos.get("me/tuned")?.files.size).toBe(0);
  delete hub.uploads.failPutsAfter;
  hub.log.length = 0;
  await push(at(), request({ update: true }));
  expect(hub.log.filter((line) => line.startsWith("PUT"))).toHaveLength(1);
  expect(hub.repos.get("me/tuned")?.files.size).toBe(3);
});

const scoped = (name: string) => ({ name: "me", role: "fineGrained" as const, scoped: [name] });
test.each([
  ["no token", "", undefined, request(), { code: "usage" }],
  ["an unknown token", "hf_nobody", undefined, request(), { code: "hub/denied", message: /does not know/ }],
  ["one that reads", "hf_r", { name: "me", role: "read" as const }, request(), { message: /may only read/ }],
  ["a narrow one", "hf_f", scoped("me/other"), request(), { message: /may not write/ }],
  ["someone else's place", TOKEN, undefined, request({ repo: "them/tuned" }), { message: /no place called them/ }],
  ["a name that escapes", TOKEN, undefined, request({ repo: "../etc" }), { code: "usage" }],
  ["a name with a revision", TOKEN, undefined, request({ repo: "me/tuned@x" }), { code: "usage" }],
  ["a file that escapes", TOKEN, undefined, request({ files: [file("a/../../b", 1)] }), { code: "usage" }],
  ["a file of git's", TOKEN, undefined, request({ files: [file(".git/config", 1)] }), { code: "usage" }],
  ["nothing", TOKEN, undefined, request({ files: [] }), { code: "usage" }],
])("%s is told before anything is made", async (_, token, account, asked, told) => {
  if (account) hub.uploads.accounts.set(token, account);
  await expect(push(at(token), asked)).rejects.toMatchObject(told);
  expect(writes()).toEqual([]);
});

test("a narrow token writes where it may", async () => {
  hub.uploads.accounts.set("hf_f", scoped("me/tuned"));
  await push(at("hf_f"), request());
  expect(hub.repos.has("me/tuned")).toBe(true);
});

test("a full account says so", async () => {
  hub.uploads.accounts.set(TOKEN, { name: "me", role: "write", quota: 1000 });
  await expect(push(at(), request())).rejects.toMatchObject({ code: "storage/full", message: /limit reached/ });
});

test("a token goes to no one over plain http", async () => {
  const open = { ...at(), endpoint: "http://hub.example" };
  await expect(push(open, request())).rejects.toMatchObject({ code: "usage", message: /only sent over https/ });
});

test("a stopped push says so", async () => {
  const control = new AbortController();
  const pushing = push({ ...at(), signal: control.signal }, request(), () => control.abort());
  await expect(pushing).rejects.toMatchObject({ code: "run/stopped" });
  expect(hub.repos.get("me/tuned")?.files.size ?? 0).toBe(0);
});
