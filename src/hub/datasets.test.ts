import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { datasetShards, parseDatasetReference } from "./datasets";

const SHARDS = ["first shard of bytes", "second"];
const log: { path: string; range: string; token: string }[] = [];
let url = "";
let close = () => {};

beforeAll(async () => {
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const { range = "", authorization = "" } = request.headers;
    log.push({ path, range, token: authorization });
    const send = (status: number, body: string | Buffer, headers = {}) => response.writeHead(status, headers).end(body);
    if (path.startsWith("/parquet")) {
      if (!path.includes("owner%2Fset")) return send(404, "{}");
      const file = (config: string, split: string, i: number) => ({
        ...{ dataset: "owner/set", config, split, filename: `000${i}.parquet` },
        ...{ url: `${url}/shard/${i}`, size: SHARDS[i]?.length ?? 0 },
      });
      const parquet_files = [
        file("default", "test", 1),
        file("default", "train", 0),
        file("default", "train", 1),
        file("b", "x", 0),
      ];
      return send(200, JSON.stringify({ parquet_files, partial: false }));
    }
    const body = Buffer.from(SHARDS[Number(path.split("/").at(-1))] ?? "");
    const [, from = "0", to = "0"] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
    send(206, body.subarray(Number(from), Number(to) + 1));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => server.close();
});
afterAll(() => close());

const hub = (token?: string) => ({ endpoint: url, token, patience: { waits: [], stall: 2000 } });

describe("the name of a dataset", () => {
  test("with config and split, or as its page's address", () => {
    expect(parseDatasetReference("hf:datasets/owner/set:de:train")).toEqual({
      repo: "owner/set",
      config: "de",
      split: "train",
    });
    expect(parseDatasetReference("https://huggingface.co/datasets/owner/set/viewer/default/train?p=1")).toEqual({
      repo: "owner/set",
    });
    expect(parseDatasetReference("hf:datasets/gsm8k")).toEqual({ repo: "gsm8k" });
  });
  for (const wrong of ["hf:datasets/", "hf:datasets/a/b/c", "hf:datasets/../x", "hf:datasets/a/b::x/y"]) {
    test(`not ${wrong}`, () =>
      expect(() => parseDatasetReference(wrong)).toThrow(expect.objectContaining({ code: "usage" })));
  }
});

test("shards of the customary config and split, read by range, the token to the endpoint only", async () => {
  const { config, split, shards } = await datasetShards(hub("hf_x"), parseDatasetReference("hf:datasets/owner/set"));
  expect([config, split, shards.map(({ name }) => name)]).toEqual([
    "default",
    "train",
    ["0000.parquet", "0001.parquet"],
  ]);
  const bytes = await shards[0]?.source.read(6, 5);
  expect(new TextDecoder().decode(bytes)).toBe("shard");
  expect(log.at(-1)).toEqual({ path: "/shard/0", range: "bytes=6-10", token: "Bearer hf_x" });
});

test("what is not there is said, with what is", async () => {
  const of = (text: string) => datasetShards(hub(), parseDatasetReference(text));
  await expect(of("hf:datasets/owner/set:b:train")).rejects.toMatchObject({
    code: "hub/not-found",
    hint: expect.stringContaining("x"),
  });
  await expect(of("hf:datasets/owner/set:zz")).rejects.toMatchObject({ hint: expect.stringContaining("default, b") });
  await expect(of("hf:datasets/owner/other")).rejects.toMatchObject({ code: "hub/not-found" });
});
