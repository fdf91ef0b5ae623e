import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { crc32, zipStored } from "@/ui/state/zip";

const text = (value: string) => new TextEncoder().encode(value);
const file = (name: string, ...parts: BlobPart[]) => ({ name, blob: new Blob(parts) });

describe("zip", () => {
  it("computes the check value of the CRC-32 standard, in one piece or two", () => {
    expect(crc32(text("123456789"))).toBe(0xcbf43926);
    expect(crc32(text("6789"), crc32(text("12345")))).toBe(0xcbf43926);
  });

  it("places every entry where the directory says, and counts them at the end", async () => {
    const zip = await zipStored([file("a.json", "{}"), file("ü.txt", "hello")]);
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
      expect(view.getUint32(at + 16, true)).toBe(crc32(text(data)));
      expect(view.getUint32(at + 20, true)).toBe(size);
      const local = view.getUint32(at + 42, true);
      expect(view.getUint32(local, true)).toBe(0x04034b50);
      const start = local + 30 + view.getUint16(local + 26, true);
      expect(new TextDecoder().decode(new Uint8Array(view.buffer, start, size))).toBe(data);
      at += 46 + view.getUint16(at + 28, true);
    }
    expect(at).toBe(end);
  });

  it("is read by others, and has the same bytes each time", async () => {
    const large = new Uint8Array(30_000).map((_, i) => (i * i) >> 3);
    const make = async () => {
      const zip = await zipStored([file("large.bin", large.slice(0, 10_001), large.slice(10_001)), file("ü.txt", "ü")]);
      return new Uint8Array(await zip.arrayBuffer());
    };
    const bytes = await make();
    expect(unzipSync(bytes)).toEqual({ "large.bin": large, "ü.txt": text("ü") });
    expect(await make()).toEqual(bytes);
  });

  it("refuses what its 32 bits cannot hold", async () => {
    const stream = () => new Blob([]).stream();
    const huge = { name: "huge", blob: { size: 2 ** 32, stream } as Blob };
    await expect(zipStored([huge])).rejects.toMatchObject({ code: "file/too-large" });
  });
});
