import { expect, test } from "vitest";
import { SHADERS } from "@/gpu/shaders";
import { NO_STEP, packStep, STEP_BYTES, STEP_FIELDS } from "@/graph/step";

test("the shaders declare the same fields in the same order", () => {
  const struct = /struct Step \{([^}]*)\}/.exec(SHADERS.get("lib/step") ?? "")?.[1] ?? "";
  const declared = [...struct.matchAll(/(\w+): (\w+)/g)].map(([, name, type]) => `${name} ${type}`);
  expect(declared).toEqual(STEP_FIELDS.map((field) => `${field} f32`));
});

test("values are packed in that order, in whole blocks of 16 bytes", () => {
  const numbered = { ...NO_STEP, ...Object.fromEntries(STEP_FIELDS.map((field, i) => [field, i + 1])) };
  const packed = packStep(numbered);
  expect(packed.byteLength).toBe(STEP_BYTES);
  expect(STEP_BYTES % 16).toBe(0);
  STEP_FIELDS.forEach((field, i) => {
    expect(packed[i], field).toBe(numbered[field]);
  });
});
