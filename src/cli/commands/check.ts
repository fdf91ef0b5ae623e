/** burnish check: what the gates find in a data file, one object a finding, before a minute is spent on it. */
import type { Command } from "@/cli/command";
import { openModel } from "@/cli/commands/shared";
import { dataSource, file as readFile, recipeFile } from "@/cli/files";
import { recipeFrom, rowsMethod } from "@/cli/recipe-flags";
import type { Finding } from "@/worker/api/data";

export const check: Command = {
  name: "check",
  summary: "Faults in a data file that spoil training. Exit code 1 on a red one that is not accepted.",
  required: ["data"],
  optional: [
    ...(["model", "eval", "method", "columns", "max-rows", "recipe", "loss", "max-length", "seed"] as const),
    ...(["steps", "batch", "accept", "fix", "suite", "base-dtype"] as const),
  ],
  run: async (context) => {
    const { session, flags, terminal } = context;
    const { data = "", model, eval: held } = flags;
    if (model !== undefined) await openModel(context, model);
    const named = { model: model ?? "", data: { train: data, eval: held ?? "" } };
    const source = await dataSource(data, held);
    const file = await recipeFile(flags.recipe);
    const recommended = await session.useDataset(source);
    const recipe = recipeFrom(flags, named, recommended, file);
    const { findings, lengths, rows } = await session.check(
      recipe,
      rowsMethod(flags),
      true,
      flags.suite ? await readFile(flags.suite) : undefined,
    );
    for (const { gate, severity, count, rows: lines, heldRows, message, why, fix } of findings) {
      const more = { ...(heldRows ? { heldRows } : {}), message, why };
      terminal.emit({ gate, severity, count, rows: lines, fix: fix ? nameOf(fix) : null, ...more });
      terminal.say(`${severity === "red" ? "✗ red  " : "• amber"} ${gate}: ${message}`);
      terminal.say(`          ${why}`);
      const shown = lines.slice(0, 8).join(", ");
      if (shown !== "") terminal.say(`          lines ${shown}${count > 8 ? ", …" : ""}`);
      if (fix) terminal.say(`          ${fix.label}: ${nameOf(fix)}`);
    }
    if (lengths) {
      const { p50, p90, p99, longest, suggested } = lengths;
      terminal.say(
        `Tokens a row: half up to ${p50}, 90 % up to ${p90}, 99 % up to ${p99}, the longest ${longest}; ${suggested} would cut 1 % at most.`,
      );
    }
    const accepted = flags.accept ?? [];
    const open = findings.filter(({ severity, gate }) => severity === "red" && !accepted.includes(gate));
    const ok = open.length === 0;
    terminal.say(
      ok
        ? `${rows} rows checked: nothing stops a run.`
        : `${rows} rows checked: ${open.length} red findings stop a run.`,
    );
    terminal.emit({ type: "verdict", ok });
    return ok ? 0 : 1;
  },
};

/** As a flag: "--fix leakage", "--max-length 384". */
function nameOf({ data }: NonNullable<Finding["fix"]>): string {
  const fix = data.fixes?.at(-1);
  if (fix !== undefined) return `--fix ${fix}`;
  if (data.maxLength !== undefined) return `--max-length ${data.maxLength}`;
  if (data.columns !== undefined) {
    return `--columns ${Object.entries(data.columns)
      .map((pair) => pair.join("="))
      .join(",")}`;
  }
  return JSON.stringify(data);
}
