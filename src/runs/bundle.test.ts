import { strToU8, unzipSync, zipSync } from "fflate";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { packBundle, readBundle } from "@/runs/bundle";
import { testRecord } from "@/runs/test-record";
import { trackioFiles } from "@/runs/trackio";
import { sha256Hex } from "@/util/sha256";

const file = "test-000002.safetensors";
const bytes = new Uint8Array(1000).map((_, i) => i);

async function bundle() {
  const point = { step: 2, file, bytes: bytes.length, sha256: await sha256Hex(bytes), evalLoss: 2.5, passRate: null };
  const record = testRecord({ checkpoints: [point] });
  return { record, packed: await packBundle({ record, files: new Map([[file, bytes]]) }) };
}

describe("a bundle", () => {
  it("brings a run back with its checkpoint", async () => {
    const { record, packed } = await bundle();
    const back = await readBundle(packed);
    expect(back.record).toEqual(record);
    expect(back.files.get(file)).toEqual(bytes);
    expect(Object.keys(unzipSync(packed)).sort()).toEqual(["curves.csv", "run.json", file].sort());
  });

  it("is refused when anything in it is not what the record says", async () => {
    const parts = unzipSync((await bundle()).packed);
    const changed = { ...parts, [file]: bytes.map((value) => value ^ 1) };
    await expect(readBundle(zipSync(changed))).rejects.toThrow("is not what the record says");
    const { [file]: _, ...missing } = parts;
    await expect(readBundle(zipSync(missing))).rejects.toThrow("is missing");
    await expect(readBundle(zipSync({ "run.json": strToU8("{") }))).rejects.toThrow("run.json is no JSON");
    await expect(readBundle(strToU8("no zip at all"))).rejects.toThrow("This is no bundle of a run");
  });
});

it("Trackio's files are read back by the reader of its dashboard", async () => {
  const files = trackioFiles([testRecord(), testRecord({ id: "later", name: "Later", createdAt: 2e12 })], "burnish");
  const of = (name: string) => files.find((entry) => entry.name === name)?.content;
  const rows = await parquetReadObjects({ file: of("metrics.parquet") as ArrayBuffer });
  expect(rows).toHaveLength(4);
  expect(rows[1]).toMatchObject({ run_id: "test", step: 2, "train/loss": 2, "eval/loss": 2.5 });
  expect(rows[0]?.["eval/loss"] ?? null).toBeNull();
  const [config] = await parquetReadObjects({ file: of("aux/configs.parquet") as ArrayBuffer });
  expect(config).toMatchObject({ run_name: "A test", rank: 8, learning_rate: 0.0002 });
  expect(JSON.parse(of("runs.json") as string)[1]).toMatchObject({ id: "later", last_step: 2, log_count: 2 });
});
