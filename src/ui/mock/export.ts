/** Exports of the mock session: what they come to, their self-test, a push. */
import type { ExportChoice, ExportOutline } from "@/worker/api/export";
import type { PageSession } from "@/worker/client";

type Exports = Pick<PageSession, "planExport" | "exportModel" | "selfTest" | "companions" | "checkPush" | "push">;

export function mockExports(wait: () => Promise<unknown>): Exports {
  return {
    planExport: async (choice) => mockOutline(choice),
    exportModel: async (choice, onProgress) => {
      const { files, bytes } = mockOutline(choice);
      for (let tenth = 1; tenth <= 10; tenth++) {
        await wait();
        onProgress((bytes * tenth) / 10, bytes);
      }
      return files.map(({ name }) => ({ name, blob: new Blob(["…"]) }));
    },
    async selfTest(_made, _files, _ask, onProgress) {
      for (let tenth = 1; tenth <= 10; tenth++) {
        await wait();
        onProgress(tenth, 10);
      }
      const checks = [
        {
          what: "log-probabilities of the next token after 8 prompts differ by at most 0.031 (allowed 0.1)",
          passed: true,
        },
        { what: "greedy texts are the same for 8 of 8 prompts (needed 6)", passed: true },
        { what: "22 of 24 held-out cases pass, 22 in Burnish", passed: true },
      ];
      return { reader: "llama.cpp in WebAssembly", checks, passed: true };
    },
    companions: async () => [{ name: "README.md", blob: new Blob(["# A model\n"]) }],
    checkPush: async ({ repo }, files) => ({
      ...{ repo, account: "me", exists: false, replaces: [], forbids: null, notes: [] },
      bytes: files.reduce((sum, { blob }) => sum + blob.size, 0),
    }),
    push: async ({ repo }, _files, onProgress) => {
      for (let tenth = 1; tenth <= 10; tenth++) {
        await wait();
        onProgress({ phase: "send", done: tenth, total: 10 });
      }
      return { url: `https://huggingface.co/${repo}`, commit: "0".repeat(40) };
    },
  };
}

function mockOutline({ format, quant = "q8_0" }: ExportChoice): ExportOutline {
  const files = [{ name: `ember-${format === "gguf" ? quant.toUpperCase() : format}.gguf`, bytes: 1_402_368 }];
  return { format, quant: format === "gguf" ? quant : null, files, bytes: 1_402_368, notes: [] };
}
