import { describe, expect, test } from "vitest";
import { fromBytes } from "@/files/byte-source";
import { readHeader, readTensor, type TensorData, writeSafetensors } from "@/files/safetensors";
import type { Projection } from "@/train/recipe";
import { f32ToF16 } from "@/util/bytes";
import { type Adapter, type AdapterHost, exportPeft, readPeft } from "./peft";

const host: AdapterHost = {
  layers: 2,
  shapeOf: (projection) => (projection === "down_proj" ? [4, 6] : projection === "k_proj" ? [2, 4] : [4, 4]),
};
const ramp = (length: number, start: number) => Float32Array.from({ length }, (_, i) => start + i / 8);

function make(targets: Projection[] = ["k_proj", "down_proj"], rank = 3): Adapter {
  const tensors = new Map<string, { a: Float32Array; b: Float32Array }>();
  for (const layer of [0, 1]) {
    for (const projection of targets) {
      const [outputs, inputs] = host.shapeOf(projection);
      tensors.set(`layers.${layer}.${projection}`, { a: ramp(rank * inputs, layer), b: ramp(outputs * rank, -layer) });
    }
  }
  return {
    rank,
    alpha: 6,
    targets,
    tensors,
    dropout: 0,
    useRslora: false,
    useDora: false,
    rankPattern: {},
    alphaPattern: {},
  };
}

const adapter = make();
const files = exportPeft(adapter, "org/base");
const asBlobs = (given: readonly { name: string; bytes: Uint8Array<ArrayBuffer> }[]) =>
  given.map(({ name, bytes }) => ({ name, blob: new Blob([bytes]) }));
const text = (name: string) => new TextDecoder().decode(files.find((file) => file.name === name)?.bytes);
const config = JSON.parse(text("adapter_config.json")) as Record<string, unknown>;

/** The exported files with some settings changed, or other weights. */
function changed(settings: object, weights?: Map<string, TensorData>) {
  const [exported] = files;
  if (!exported) throw new Error("nothing was exported");
  return [
    weights ? { name: "adapter_model.safetensors", bytes: writeSafetensors(weights) } : exported,
    { name: "adapter_config.json", bytes: new TextEncoder().encode(JSON.stringify({ ...config, ...settings })) },
  ];
}
const pair = (path: string, a: [number, number], b: [number, number]): [string, TensorData][] =>
  [a, b].map((shape, i) => [
    `base_model.model.model.${path}.lora_${i === 0 ? "A" : "B"}.weight`,
    { dtype: "F32", shape, data: new Float32Array(shape[0] * shape[1]) },
  ]);

describe("what is exported", () => {
  test("has PEFT's names and shapes", async () => {
    const bytes = files[0]?.bytes ?? new Uint8Array(0);
    const entries = await readHeader(fromBytes(bytes));
    expect([...entries].map(([name, { shape, dtype }]) => `${name} ${dtype} ${shape}`).sort()).toEqual(
      [0, 1].flatMap((layer) => [
        `base_model.model.model.layers.${layer}.mlp.down_proj.lora_A.weight F32 3,6`,
        `base_model.model.model.layers.${layer}.mlp.down_proj.lora_B.weight F32 4,3`,
        `base_model.model.model.layers.${layer}.self_attn.k_proj.lora_A.weight F32 3,4`,
        `base_model.model.model.layers.${layer}.self_attn.k_proj.lora_B.weight F32 2,3`,
      ]),
    );
    const entry = entries.get("base_model.model.model.layers.1.self_attn.k_proj.lora_A.weight");
    if (!entry) throw new Error("no entry");
    expect(await readTensor(fromBytes(bytes), entry)).toEqual(ramp(12, 1));
  });

  test("has the configuration that PEFT computes the same with", () => {
    expect(config).toMatchObject({
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      base_model_name_or_path: "org/base",
      r: 3,
      lora_alpha: 6,
      target_modules: ["k_proj", "down_proj"],
    });
  });

  test("has a card whose front matter survives odd names", () => {
    expect(text("README.md")).toMatch(/^---\nbase_model: "org\/base"\nlibrary_name: peft\n/);
    const odd = exportPeft(adapter, 'a: "b"\n---\nevil: 1').at(-1)?.bytes;
    expect(new TextDecoder().decode(odd).split("\n---\n")).toHaveLength(2);
  });
});

describe("what is read", () => {
  test("is what was exported", async () => {
    expect(await readPeft(asBlobs(files), host)).toEqual({ ...adapter, tensors: new Map([...adapter.tensors].sort()) });
  });

  test("may be of 16 bits, in a folder, with rsLoRA, on some layers", async () => {
    const weights = new Map(pair("layers.1.self_attn.q_proj", [4, 4], [4, 4]));
    for (const [name, tensor] of weights) {
      weights.set(name, { ...tensor, dtype: "F16", data: f32ToF16(ramp(16, 1)) });
    }
    const given = changed({ r: 4, lora_alpha: 8, use_rslora: true }, weights);
    const read = await readPeft(asBlobs(given.map((file) => ({ ...file, name: `run/${file.name}` }))), host);
    expect(read).toMatchObject({ rank: 4, alpha: 8, useRslora: true, targets: ["q_proj"] });
    expect(read.tensors.get("layers.1.q_proj")?.b).toEqual(ramp(16, 1));
  });
});

test("ranks and alphas by module come back as they were", async () => {
  const lora = {
    dropout: 0.05,
    useRslora: true,
    rankPattern: { down_proj: 2, "layers.0.self_attn.k_proj": 5 },
    alphaPattern: { k_proj: 3 },
  };
  const ranks = { k_proj: [5, 3], down_proj: [2, 2] };
  const tensors = new Map<string, { a: Float32Array; b: Float32Array }>();
  for (const projection of ["k_proj", "down_proj"] as const) {
    for (const layer of [0, 1]) {
      const [outputs, inputs] = host.shapeOf(projection);
      const rank = ranks[projection][layer] ?? 0;
      tensors.set(`layers.${layer}.${projection}`, { a: ramp(rank * inputs, layer), b: ramp(outputs * rank, 1) });
    }
  }
  const given = { ...adapter, ...lora, tensors };
  const written = exportPeft(given, "org/base");
  const settings = JSON.parse(new TextDecoder().decode(written[1]?.bytes)) as object;
  expect(settings).toMatchObject({
    use_rslora: true,
    rank_pattern: lora.rankPattern,
    alpha_pattern: lora.alphaPattern,
  });
  const read = await readPeft(asBlobs(written), host);
  expect(read).toEqual({ ...given, tensors: new Map([...tensors].sort()) });
});

test("DoRA's magnitudes come back, under PEFT's name", async () => {
  const [outputs, inputs] = host.shapeOf("k_proj");
  const own = { a: ramp(3 * inputs, 1), b: ramp(outputs * 3, 2), m: ramp(outputs, 3) };
  const given = {
    ...adapter,
    useDora: true,
    targets: ["k_proj" as const],
    tensors: new Map([["layers.1.k_proj", own]]),
  };
  const written = exportPeft(given, "org/base");
  expect(JSON.parse(new TextDecoder().decode(written[1]?.bytes))).toMatchObject({ use_dora: true });
  expect(new TextDecoder().decode(written[0]?.bytes)).toContain("layers.1.self_attn.k_proj.lora_magnitude_vector");
  expect(await readPeft(asBlobs(written), host)).toEqual(given);
});

describe("what does not fit is refused with every reason", () => {
  const cases: [string, Parameters<typeof asBlobs>[0], RegExp[]][] = [
    ["a missing file", files.slice(1), [/adapter_model\.safetensors missing/]],
    ["another method", changed({ peft_type: "LOHA" }), [/peft_type/]],
    ["biases", changed({ lora_bias: true, bias: "all" }), [/lora_bias/, /bias/]],
    ["DoRA without magnitudes", changed({ use_dora: true }), [/k_proj: lora_magnitude_vector missing/]],
    ["ranks by a pattern that is no path", changed({ rank_pattern: { ".*q_proj|k": 4 } }), [/rank_pattern/]],
    ["a full weight beside", changed({ modules_to_save: ["lm_head"] }), [/modules_to_save/]],
    ["another rank", changed({ r: 5 }), [/k_proj\.lora_A\.weight: its shape is \[3, 4\], where \[5, 4\] is needed/]],
    [
      "other widths, layers and modules",
      changed(
        {},
        new Map([
          ...pair("layers.0.self_attn.q_proj", [3, 5], [4, 3]),
          ...pair("layers.7.self_attn.q_proj", [3, 4], [4, 3]),
          ...pair("layers.0.mlp.q_proj", [3, 4], [4, 3]),
          ...pair("layers.0.self_attn.constructor", [3, 4], [4, 3]),
        ]),
      ),
      [/\[3, 5\], where \[3, 4\]/, /has 2 layers only/, /mlp\.q_proj\.lora_A\.weight: no weight/, /constructor/],
    ],
    [
      "half a pair",
      changed({}, new Map(pair("layers.0.self_attn.q_proj", [3, 4], [4, 3]).slice(0, 1))),
      [/lora_B missing/],
    ],
    ["no weights", changed({}, new Map()), [/no weights/]],
    [
      "a broken configuration",
      [...files.slice(0, 1), { name: "adapter_config.json", bytes: new Uint8Array(3) }],
      [/not JSON/],
    ],
  ];
  for (const [name, given, reasons] of cases) {
    test(name, async () => {
      const error: unknown = await readPeft(asBlobs(given), host).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "adapter/mismatch" });
      for (const reason of reasons) expect((error as Error).message).toMatch(reason);
    });
  }

  test("broken weights keep the code of their format", async () => {
    const given = [{ name: "adapter_model.safetensors", bytes: new Uint8Array(4) }, ...files.slice(1)];
    await expect(readPeft(asBlobs(given), host)).rejects.toMatchObject({ code: "file/truncated" });
  });
});
