/** burnish eval: greedy answers to every row, graded by exact match; with an adapter, base and tuned in pairs. */
import type { Command } from "@/cli/command";
import { answering, describeData, evalLine, openModel, percent } from "@/cli/commands/shared";
import { evaluateSuite } from "@/cli/commands/suite";
import { measureText } from "@/cli/commands/text-loss";
import { adapterFiles, dataSource } from "@/cli/files";
import { recipeFrom } from "@/cli/recipe-flags";
import { AppError } from "@/errors";

export const evaluate: Command = {
  name: "eval",
  summary:
    "Answer every row greedily and compare with its completion, base and tuned when an adapter is given; or a suite of cases, arm against arm and model against model; or the loss on plain text.",
  operands: ["[MODEL…]"],
  required: [],
  optional: [
    ...([
      "model",
      "text",
      "endpoint",
      "endpoint-model",
      "onnx",
      "price",
      "timeout",
      "previous",
      "frame",
      "judge",
      "criteria",
      "forgetting",
    ] as const),
    ...(["data", "suite", "adapter", "arms", "skill", "runs", "k", "temperature", "out", "report"] as const),
    ...(["references", "scripts", "place"] as const),
    ...(["max-length", "columns", "max-rows", "max-tokens", "seed", "base-dtype"] as const),
  ],
  run: async (context) => {
    const { session, flags, operands, terminal } = context;
    const { model = "", data = "" } = flags;
    if (flags.suite !== undefined) return evaluateSuite(context, flags.suite);
    if (model === "") throw new AppError("usage", "eval needs --model.", { hint: "--model bundled:ember" });
    if (operands.length > 0)
      throw new AppError("usage", "Several models answer a --suite only.", { hint: "Add --suite." });
    if (flags.text !== undefined) return measureText(context, flags.text);
    if (data === "")
      throw new AppError("usage", "eval needs --data, --suite or --text.", {
        hint: "Rows, cases with checks, or plain text.",
      });
    await openModel(context, model);
    const own = data.startsWith("bundled:") ? undefined : data;
    const recipe = recipeFrom(flags, { evaluate: { cases: 1_000_000, ...(own ? { maxTokens: 256 } : {}) } });
    describeData(await session.openDataset(await dataSource(data, own), recipe), terminal);
    if (flags.adapter === undefined) {
      const cases = await session.evaluateBase(answering(terminal));
      const passed = cases.filter((item) => item.passed).length;
      terminal.say(`${passed} of ${cases.length} passed (${percent(passed / cases.length)}).`);
      const shown = cases.map(({ prompt, expected, base }) => ({ prompt, expected, base }));
      terminal.emit({ type: "eval", n: cases.length, base: { passed }, cases: shown });
      return;
    }
    await session.loadAdapter(await adapterFiles(flags.adapter));
    const comparison = await session.compare(answering(terminal));
    terminal.say(comparison.sentence);
    terminal.emit(evalLine(comparison));
  },
};
