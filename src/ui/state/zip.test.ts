import { describe, expect, it } from "vitest";
import { crc32, zipStored } from "@/ui/state/zip";

const text = (value: string) => new TextEncoder().encode(value);

describe("zip", () => {
  it("computes the check value of the CRC-32 standard", () => {
    expect(crc32(text("123456789"))).toBe(0xcbf43926);
  });

  it("places every entry where the directory says, and counts them at the end", async () => {
    const zip = zipStored([
      { name: "a.json", data: text("{}") },
      { name: "ü.txt", data: text("hello") },
    ]);
    const view = new DataView(await zip.arrayBuffer());
    const end = view.byteLength - 22;
    expect(view.getUint32(end, true)).toBe(0x06054b50);
    expect(view.getUint16(end + 10, true)).toBe(2);
    let at = view.getUint32(end + 16, true);
    for (const [size, data] of [
      [2, "{}"],
      [5, "hello"],
    ] as const) {
      expect(view.getUint32(at, true)).toBe(0x02014b50);
      expect(view.getUint32(at + 20, true)).toBe(size);
      const local = view.getUint32(at + 42, true);
      expect(view.getUint32(local, true)).toBe(0x04034b50);
      const start = local + 30 + view.getUint16(local + 26, true);
      expect(new TextDecoder().decode(new Uint8Array(view.buffer, start, size))).toBe(data);
      at += 46 + view.getUint16(at + 28, true);
    }
    expect(at).toBe(end);
  });
});
