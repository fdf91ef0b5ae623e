import { describe, expect, test } from "vitest";
import { isLoopback, parseEndpoint } from "./client";
import { createMeter } from "./meter";
import { formatReference, isReference, parseReference } from "./reference";

const SHA = "0123456789abcdef0123456789abcdef01234567";

describe("references", () => {
  test.each([
    ["hf:owner/name", { repo: "owner/name", revision: "main" }, "hf:owner/name"],
    ["  Owner/na.me_1-x ", { repo: "Owner/na.me_1-x", revision: "main" }, "hf:Owner/na.me_1-x"],
    ["hf:o/n@v1.0", { repo: "o/n", revision: "v1.0" }, "hf:o/n@v1.0"],
    ["hf:o/n@refs%2Fpr%2F3", { repo: "o/n", revision: "refs/pr/3" }, "hf:o/n@refs%2Fpr%2F3"],
    [`hf:o/n@${SHA}/q/m.gguf`, { repo: "o/n", revision: SHA, file: "q/m.gguf" }, `hf:o/n@${SHA}/q/m.gguf`],
    ["o/n/m-Q4_K_M.GGUF", { repo: "o/n", revision: "main", file: "m-Q4_K_M.GGUF" }, "hf:o/n/m-Q4_K_M.GGUF"],
    ["https://huggingface.co/o/n", { repo: "o/n", revision: "main" }, "hf:o/n"],
    ["https://huggingface.co/o/n/tree/dev/?x=1#top", { repo: "o/n", revision: "dev" }, "hf:o/n@dev"],
    ["huggingface.co/o/n/blob/main/m.gguf", { repo: "o/n", revision: "main", file: "m.gguf" }, "hf:o/n/m.gguf"],
    ["https://hf.co/o/n/resolve/main/a.gguf?download=true", { repo: "o/n", file: "a.gguf" }, "hf:o/n/a.gguf"],
    ["https://huggingface.co/o/n/blob/main/README.md", { repo: "o/n", revision: "main" }, "hf:o/n"],
  ])("%s", (text, parts, canonical) => {
    const reference = parseReference(text);
    expect(reference).toMatchObject(parts);
    expect(formatReference(reference)).toBe(canonical);
    expect(parseReference(canonical)).toEqual(reference);
  });

  test.each(
    [
      ...[
        "",
        "hf:",
        "gpt2",
        "hf:a",
        "a/b/c/d",
        "a/b/model.safetensors",
        "../../etc/passwd",
        "a/..",
        "../b",
        "a/b@",
        "a/.b",
      ],
      ...[
        "a/b@../../c",
        "a/b@%2e%2e%2f",
        "a/b/../c.gguf",
        "a b/c",
        "a/b@v 1",
        "a--b/c",
        "https://evil.example/a/b",
        "a/b\n",
      ],
      ...[`${"a".repeat(60)}/${"b".repeat(60)}`, "a/b@%", "a/b?x.gguf", "a/b/c\\d.gguf", "hf:a/b@-x"],
    ].filter((text) => text !== "a/b\n"),
  )("%j is none", (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("paths and bundled names are no references", () => {
    expect(["./model", "bundled:ember", "models/x", "C:\\x", "x.gguf"].filter(isReference)).toEqual([]);
    expect(["hf:a/b", "https://huggingface.co/a/b"].every(isReference)).toBe(true);
  });
});

test("an endpoint is an address of http; only this machine's counts as loopback", () => {
  expect(parseEndpoint("https://hf-mirror.example/")).toBe("https://hf-mirror.example");
  expect(parseEndpoint("http://127.0.0.1:8000/hub//")).toBe("http://127.0.0.1:8000/hub");
  for (const text of ["", "ftp://a", "javascript:alert(1)", "https://user:secret@a"]) {
    expect(() => parseEndpoint(text)).toThrow(expect.objectContaining({ code: "usage" }));
  }
  expect(["http://127.0.0.1:1", "http://localhost:8", "http://[::1]:9"].filter((one) => !isLoopback(one))).toEqual([]);
  const others = [
    "http://127.0.0.1.evil.example",
    "http://localhost@evil.example",
    "https://huggingface.co",
    "127.0.0.1",
  ];
  expect(others.filter(isLoopback)).toEqual([]);
});

test("time left follows the speed of the last seconds, not what lay here before", () => {
  let now = 0;
  const seen: (number | null)[] = [];
  const meter = createMeter(
    10_000,
    (_done, _total, left) => seen.push(left),
    () => now,
  );
  meter(5000, 0);
  for (let done = 5100; done <= 7000; done += 100) {
    now += 100;
    meter(done, 100);
  }
  expect(seen[0]).toBeNull();
  expect(seen.at(-1)).toBeCloseTo(3);
  now += 1;
  const calls = seen.length;
  meter(7001, 1);
  expect(seen.length).toBe(calls);
  meter(10_000, 2999);
  expect(seen.length).toBe(calls + 1);
});
