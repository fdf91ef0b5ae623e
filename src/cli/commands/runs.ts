/** burnish runs: what was trained here, what differed, and taking runs in and out. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command, CommandContext } from "@/cli/command";
import { forkRun } from "@/cli/commands/resume";
import { megabytes } from "@/cli/commands/shared";
import { file, writeFiles } from "@/cli/files";
import { table } from "@/cli/terminal";
import { AppError } from "@/errors";
import { treeOf } from "@/runs/tree";

type Action = (context: CommandContext, operands: readonly string[]) => Promise<void>;

const fork: Action = (context, [id = ""]) => forkRun(context, id);

const ACTIONS: Readonly<Record<string, Action>> = {
  list: async ({ session, terminal }) => {
    const runs = await session.listRuns();
    const rows = treeOf(runs).map(({ run, depth }) => [
      `${"  ".repeat(depth)}${depth > 0 ? "└ " : ""}${run.id}`,
      run.status,
      run.method,
      `${run.steps}/${run.totalSteps}`,
      fixed(run.loss),
      fixed(run.evalLoss),
      sparkline(run.spark),
      megabytes(run.bytes),
    ]);
    if (runs.length === 0) terminal.say("No runs are kept yet; every training leaves one.");
    else terminal.say(table([["run", "status", "method", "steps", "loss", "held out", "loss curve", "kept"], ...rows]));
    for (const run of runs) terminal.emit({ type: "run", ...run });
  },

  show: async ({ session, terminal }, [id = ""]) => {
    const record = await session.readRun(id);
    terminal.say(`${record.name} (${record.id}), ${record.status} at step ${record.steps}`);
    if (record.notes) terminal.say(record.notes);
    terminal.say(`model ${record.model.source}, data ${record.data.source}, ${record.engine}`);
    for (const { step, message } of record.events) terminal.say(`  step ${step}: ${message}`);
    for (const { step, evalLoss, bytes } of record.checkpoints) {
      terminal.say(`  checkpoint of step ${step}, held-out loss ${fixed(evalLoss)}, ${megabytes(bytes)}`);
    }
    if (record.verdict) terminal.say(record.verdict);
    terminal.emit({ type: "run", ...record });
  },

  diff: async ({ session, terminal }, [a = "", b = ""]) => {
    const differences = await session.diffRuns(a, b);
    if (differences.length === 0) terminal.say("The two runs have the same settings, model, data and engine.");
    else terminal.say(table([["setting", a, b], ...differences.map(({ field, a: x, b: y }) => [field, x, y])]));
    for (const difference of differences) terminal.emit({ type: "difference", ...difference });
  },

  delete: async ({ session, terminal }, [id = ""]) => {
    await session.deleteRun(id);
    terminal.say(`${id} is deleted.`);
    terminal.emit({ type: "deleted", id });
  },

  export: async ({ session, terminal, flags }, ids) => {
    const out = flags.out ?? ".";
    await mkdir(out, { recursive: true });
    const [id = ""] = ids;
    const made = flags.trackio ? await session.exportTrackio(ids, "burnish") : await session.exportRun(id);
    await writeFiles(out, [made]);
    terminal.say(`${join(out, made.name)}: ${megabytes(made.blob.size)}.`);
    terminal.emit({ type: "exported", file: join(out, made.name), bytes: made.blob.size });
  },

  fork,

  import: async ({ session, terminal }, [path = ""]) => {
    const id = await session.importRun(await file(path));
    terminal.say(`Kept as ${id}.`);
    terminal.emit({ type: "imported", id });
  },
};

export const runs: Command = {
  name: "runs",
  summary:
    "The runs kept here: list, show, diff, delete, export (a zip, or --trackio dashboard files), import, and fork with a change.",
  operands: ["list|show|diff|delete|export|import|fork", "[RUN|FILE]", "[RUN]"],
  required: [],
  optional: ["out", "trackio", "step", "steps", "lr", "schedule", "recipe", "model", "data", "base-dtype"],
  run: async (context) => {
    const [name = "", ...rest] = context.operands;
    const action = ACTIONS[name];
    const needed = { show: 1, diff: 2, delete: 1, export: 1, import: 1, fork: 1 }[name] ?? 0;
    if (!action || rest.length < needed) {
      const why = action
        ? `runs ${name} needs ${needed === 1 ? "a name" : "two names"}.`
        : `There is no "runs ${name}".`;
      throw new AppError("usage", why, { hint: `There are ${Object.keys(ACTIONS).join(", ")}; list shows the names.` });
    }
    await action(context, rest);
  },
};

const fixed = (value: number | null) => (value === null ? "–" : value.toFixed(3));

const BARS = "▁▂▃▄▅▆▇█";

/** From zero to the highest value. */
function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 1e-9);
  const few = values.filter((_, i) => i % Math.max(1, Math.ceil(values.length / 20)) === 0);
  return few.map((value) => BARS[Math.min(7, Math.max(0, Math.round((7 * value) / most)))]).join("");
}
