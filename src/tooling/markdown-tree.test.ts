import { expect, test } from "vitest";
import { treeOf } from "./markdown-tree";

test("trees are read by indentation and by lines", () => {
  const expected = ["package.json", "src", "src/gpu", "src/gpu/device.ts", "e2e"];
  const plain = "```\npackage.json   scripts\nsrc/\n  gpu/    WebGPU\n    device.ts\ne2e/  Playwright\n```";
  const drawn = "```text\n├── package.json\n├── src/   code\n│   └── gpu/\n│       └── device.ts\n└── e2e/\n```";
  expect(treeOf(plain)).toEqual(expected);
  expect(treeOf(drawn)).toEqual(expected);
});
