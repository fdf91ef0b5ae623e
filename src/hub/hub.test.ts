/** Downloads from a Hub on this machine over lines that break, and with bytes that are not what they should be. */
import { describe, expect, test } from "vitest";
import { memoryFiles } from "@/storage/memory-files";
import { cachedModels } from "./cache";
import { commitOf, startHub } from "./loopback-hub";
import { MODEL, tinyHub, WEIGHTS } from "./test-model";

const at = tinyHub();

describe("whole", () => {
  test("a model comes with what it needs, at its commit, counted to the last byte", async () => {
    const model = await at.load();
    expect(model.files.map(({ name }) => name).sort()).toEqual([...MODEL].sort());
    expect(model).toMatchObject({ repo: "tiny/llama", sha: commitOf(at.repo) });
    await at.expectWhole(model);
    expect(at.progress.at(-1)).toEqual([at.total(), at.total()]);
    expect(at.hub.sent).toBe(at.total());
    expect(at.resolved().every((line) => line.includes(commitOf(at.repo)))).toBe(true);
    expect((await at.store.list()).some(({ name }) => name.endsWith(".part"))).toBe(false);
  });

  test("the second time asks only which commit it is, and without an answer nothing", async () => {
    await at.load();
    const { sent } = at.hub;
    await at.expectWhole(await at.load());
    expect(at.hub.sent).toBe(sent);
    await at.hub.close();
    await at.expectWhole(await at.load());
    const commit = `hf:tiny/llama@${commitOf(at.repo)}`;
    await expect(at.load({ reference: commit })).rejects.toMatchObject({ code: "network/failed" });
  });

  test("a commit that is here asks nothing at all", async () => {
    const reference = `hf:tiny/llama@${commitOf(at.repo)}`;
    await at.load({ reference });
    at.hub.log.length = 0;
    await at.expectWhole(await at.load({ reference }));
    expect(at.hub.log).toEqual([]);
  });

  test("one GGUF of several, and the only one without a name", async () => {
    const gguf = (text: string): [string, Buffer] => [`${text}.gguf`, Buffer.from(text)];
    at.repo = { files: new Map([gguf("a-Q4_K"), gguf("sub/b-Q8_0")]) };
    at.hub.repos.set("tiny/gguf", at.repo);
    const one = await at.load({ reference: "hf:tiny/gguf/sub/b-Q8_0.gguf" });
    expect(one.files.map(({ name }) => name)).toEqual(["sub/b-Q8_0.gguf"]);
    await at.expectWhole(one);
    const none = at.load({ reference: "hf:tiny/gguf" });
    await expect(none).rejects.toMatchObject({ code: "model/missing-file", hint: /hf:tiny\/gguf\/sub\/b-Q8_0\.gguf/ });
    await expect(at.load({ reference: "tiny/gguf/c.gguf" })).rejects.toMatchObject({ code: "model/missing-file" });
    at.hub.repos.set("tiny/single", { files: new Map([gguf("a-Q4_K")]) });
    expect((await at.load({ reference: "hf:tiny/single" })).files.length).toBe(1);
  });
});

describe("cut", () => {
  test.each([0, 1, 100_000, 314_631])("after %i bytes: only the rest is asked for", async (cut) => {
    at.hub.faults.cuts = [cut];
    at.repo.files = new Map([["m.gguf", at.repo.files.get(WEIGHTS) ?? Buffer.alloc(0)]]);
    await expect(at.load()).rejects.toMatchObject({ code: "network/failed" });
    // What arrived right before the cut may have been dropped on a busy machine.
    const stood = await at.standing();
    expect(stood).toBeLessThanOrEqual(cut);
    at.hub.log.length = 0;
    const before = at.hub.sent;
    await at.expectWhole(await at.load());
    expect(at.hub.sent - before).toBe(at.sizeOf("m.gguf") - stood);
    expect(at.resolved()).toEqual([`GET /tiny/llama/resolve/${commitOf(at.repo)}/m.gguf bytes=${stood}-`]);
  });

  test("many times in one visit: it goes on by itself while it gets on", async () => {
    at.hub.faults.cuts = [50_000, 50_000, 50_000, 50_000];
    await at.expectWhole(await at.load({ waits: [1, 1, 1] }));
    expect(at.resolved().filter((line) => line.includes(WEIGHTS)).length).toBe(5);
  });

  test("a busy Hub is asked again, a bounded number of times", async () => {
    at.hub.faults.statuses = [503, 429];
    await at.expectWhole(await at.load({ waits: [1, 1] }));
    at.hub.faults.statuses = [500, 500, 500, 500];
    at.repo.files = new Map([...at.repo.files, ["config.json", Buffer.from("{}")]]);
    at.store = memoryFiles();
    await expect(at.load({ waits: [1, 1] })).rejects.toMatchObject({ code: "network/failed" });
    expect(at.hub.faults.statuses.length).toBe(1);
  });

  test("a server that cannot send ranges sends the whole again", async () => {
    at.hub.faults.cuts = [100_000];
    await expect(at.load()).rejects.toMatchObject({ code: "network/failed" });
    at.hub.faults.wholeOnly = true;
    await at.expectWhole(await at.load());
  });

  test("stopped by hand: it stands where it stood", async () => {
    const controller = new AbortController();
    at.hub.faults.cuts = [200_000];
    const loading = at.load({ waits: [60_000], signal: controller.signal });
    loading.catch(() => undefined);
    await expect.poll(() => at.hub.faults.cuts.length).toBe(0);
    await new Promise((done) => setTimeout(done, 100));
    controller.abort();
    await expect(loading).rejects.toMatchObject({ code: "run/stopped" });
    const [model] = await cachedModels(at.store);
    expect(model?.bytes).toBe(at.total() - at.sizeOf(WEIGHTS) + (await at.standing()));
    expect(model?.total).toBe(at.total());
  });
});

describe("damaged", () => {
  test("a flipped bit", async () => {
    at.hub.faults.corrupt = (name, body) => {
      const copy = Buffer.from(body);
      if (name === WEIGHTS) copy[200_000] = (copy[200_000] ?? 0) ^ 1;
      return copy;
    };
    await expect(at.load()).rejects.toMatchObject({ code: "hub/corrupt", message: /model\.safetensors/ });
    await expectNothingWhole();
    delete at.hub.faults.corrupt;
    await at.expectWhole(await at.load());
  });

  test("a flipped bit in a small file, which Git's own digest tells", async () => {
    at.hub.faults.corrupt = (name, body) => (name === "config.json" ? Buffer.from(`${body}`.replace("3", "4")) : body);
    await expect(at.load()).rejects.toMatchObject({ code: "hub/corrupt", message: /config\.json/ });
  });

  test("a part that was spoilt here is fetched anew", async () => {
    at.hub.faults.cuts = [100_000];
    await expect(at.load()).rejects.toMatchObject({ code: "network/failed" });
    const part = (await at.store.list()).find(({ name }) => name.endsWith(".part"));
    const writer = await at.store.openWriter(part?.name ?? "", 0);
    await writer.write(new Uint8Array(part?.size ?? 0).fill(1));
    await writer.close();
    await at.expectWhole(await at.load());
  });

  test.each([
    ["longer", (body: Buffer) => Buffer.concat([body, Buffer.from("more")])],
    ["shorter", (body: Buffer) => body.subarray(0, -4)],
    ["empty", () => Buffer.alloc(0)],
  ])("a body that is %s than the list says", async (_, change) => {
    for (const wholeOnly of [false, true]) {
      at.store = memoryFiles();
      at.hub.faults.wholeOnly = wholeOnly;
      at.hub.faults.corrupt = (name, body) => (name === WEIGHTS ? change(body) : body);
      await expect(at.load()).rejects.toMatchObject({
        code: expect.stringMatching(/^(hub\/corrupt|network\/failed)$/),
      });
      await expectNothingWhole();
    }
  });

  test("a new commit during the download: the old one's bytes are never continued", async () => {
    at.hub.faults.cuts = [100_000];
    await expect(at.load()).rejects.toMatchObject({ code: "network/failed" });
    const next = Buffer.from(at.repo.files.get(WEIGHTS) ?? "").fill(7, 150_000);
    at.repo.files = new Map([...at.repo.files, [WEIGHTS, next]]);
    const before = at.hub.sent;
    await at.expectWhole(await at.load());
    // The small files are the same content, and are not fetched again.
    expect(at.hub.sent - before).toBe(next.length);
    expect((await at.store.list()).some(({ name }) => name.endsWith(".part"))).toBe(false);
  });

  test("a new commit on its way leaves the old one usable", async () => {
    const old = new Map(at.repo.files);
    await at.load();
    at.repo.files = new Map([...at.repo.files, [WEIGHTS, Buffer.alloc(300_000, 1)]]);
    at.hub.faults.cuts = [100_000];
    await expect(at.load()).rejects.toMatchObject({ code: "network/failed" });
    await at.hub.close();
    await at.expectWhole(await at.load(), old);
  });

  async function expectNothingWhole() {
    const [model] = await cachedModels(at.store);
    expect(model?.bytes ?? 0).toBeLessThan(model?.total ?? 1);
    const { url } = at.hub;
    await at.hub.close();
    await expect(at.load()).rejects.toMatchObject({ code: "network/failed" });
    at.hub = await startHub();
    at.hub.repos.set("tiny/llama", at.repo);
    expect(at.hub.url).not.toBe(url);
  }
});
