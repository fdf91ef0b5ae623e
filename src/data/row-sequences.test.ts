import { expect, it } from "vitest";
import { IGNORED } from "./encode";
import { emberCodec } from "./gates/measure";
import { rowSequences } from "./row-sequences";

const codec = emberCodec();
const taught = ({ ids, labels }: { ids: ArrayLike<number>; labels: ArrayLike<number> }) =>
  codec.tokenizer.decode(Array.from(ids).filter((_, i) => labels[i] !== IGNORED));

it("a pair is two sequences with one prompt, of which the answers teach", () => {
  const row = { kind: "pair", prompt: "Say hello.", chosen: " Hello there.", rejected: " No." } as const;
  const [chosen, rejected] = rowSequences(row, codec, "auto");
  expect([chosen?.label, rejected?.label]).toEqual(["Chosen", "Rejected"]);
  expect(taught(chosen?.encoded ?? { ids: [], labels: [] })).toContain("Hello there.");
  expect(taught(rejected?.encoded ?? { ids: [], labels: [] })).toContain("No.");
  expect(taught(rejected?.encoded ?? { ids: [], labels: [] })).not.toContain("Say");
});

it("a prompt alone teaches nothing; a supervised row is one sequence", () => {
  const [asked] = rowSequences({ kind: "prompt", prompt: "Say hello.", columns: {} }, codec, "auto");
  expect(Array.from(asked?.encoded.labels ?? []).every((label) => label === IGNORED)).toBe(true);
  const rows = rowSequences({ kind: "completion", prompt: "Say hello.", completion: " Hello." }, codec, "auto");
  expect(rows).toHaveLength(1);
  expect(taught(rows[0]?.encoded ?? { ids: [], labels: [] })).toContain("Hello.");
});
