/** What the Hub refuses, and what it has not: each said in words; and a token that goes nowhere but to the Hub. */
import { describe, expect, test } from "vitest";
import type { Hub } from "./client";
import { fetchModel } from "./fetch-model";
import { parseReference } from "./reference";
import { TOKEN, tinyHub, WEIGHTS } from "./test-model";

const at = tinyHub();

describe("refused", () => {
  test("a private model opens with its token, which goes nowhere else", async () => {
    at.repo.token = TOKEN;
    await expect(at.load()).rejects.toMatchObject({ code: "hub/denied", hint: /token/ });
    const wrong = await at.load({ token: "hf_wrong" }).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: "hub/denied", message: /token does not open/ });
    await at.expectWhole(await at.load({ token: ` ${TOKEN}\n` }));
    const kept = await Promise.all((await at.store.list()).map(async ({ name }) => (await at.store.get(name))?.text()));
    expect([...kept, ...at.hub.log].join("\n")).not.toContain("hf_");
  });

  test("a gated model says whose licence to accept", async () => {
    Object.assign(at.repo, { token: TOKEN, gated: true });
    const hint = new RegExp(`Accept its licence on its page, ${at.hub.url}/tiny/llama`);
    await expect(at.load()).rejects.toMatchObject({ code: "hub/denied", hint: expect.stringMatching(hint) });
    await at.expectWhole(await at.load({ token: TOKEN }));
  });

  test("what cannot be a token is not repeated in the error, and none goes over plain http", async () => {
    const error = await at.load({ token: "hf_zwei\nZeilen" }).catch((cause: unknown) => cause as Error);
    expect(error).toMatchObject({ code: "usage" });
    expect(String(error) + (error as Error).stack).not.toContain("Zeilen");
    const client: Hub = { endpoint: "http://mirror.example", token: TOKEN, patience: { waits: [], stall: 100 } };
    const plain = fetchModel(client, at.store, parseReference("a/b"), { onDownload: () => {} });
    await expect(plain).rejects.toMatchObject({ code: "usage", message: /https/ });
  });

  test.each([
    ["a model that is not there", "hf:tiny/none", "hub/denied"],
    ["a revision that is not there", "hf:tiny/llama@v9", "hub/not-found"],
  ])("%s", async (_, reference, code) => {
    await expect(at.load({ reference })).rejects.toMatchObject({ code });
  });

  test("a web page where the list was due, and where a file was due", async () => {
    at.hub.faults.html = "all";
    await expect(at.load()).rejects.toMatchObject({ code: "file/malformed", message: /web page/ });
    delete at.hub.faults.html;
    at.hub.faults.cuts = [100_000];
    await expect(at.load()).rejects.toMatchObject({ code: "network/failed" });
    const { sent } = at.hub;
    const stood = await at.standing();
    at.hub.faults.html = "files";
    await expect(at.load()).rejects.toMatchObject({ code: "hub/corrupt", message: /web page/ });
    delete at.hub.faults.html;
    await at.expectWhole(await at.load());
    // What had come before the page in between still counts.
    expect(at.hub.sent - sent).toBe(at.sizeOf(WEIGHTS) - stood);
  });

  test("a list that never ends", async () => {
    at.hub.faults.endless = true;
    await expect(at.load()).rejects.toMatchObject({ code: "file/malformed", message: /more than any model/ });
  });

  test("nobody there", async () => {
    await at.hub.close();
    await expect(at.load({ waits: [1] })).rejects.toMatchObject({
      code: "network/failed",
      message: /could not be reached/,
    });
  });

  test("what is no language model says what it is", async () => {
    const without = (...names: string[]) => new Map([...at.repo.files].filter(([name]) => !names.includes(name)));
    const cases: [ReadonlyMap<string, Buffer>, RegExp][] = [
      [without("tokenizer.json"), /config\.json, tokenizer\.json/],
      [new Map([...without(WEIGHTS), ["pytorch_model.bin", Buffer.from("x")]]), /pickles/],
      [new Map([["adapter_config.json", Buffer.from("{}")]]), /adapter/],
    ];
    for (const [files, hint] of cases) {
      at.repo.files = files;
      await expect(at.load()).rejects.toMatchObject({ code: "model/missing-file", hint: expect.stringMatching(hint) });
    }
  });
});
