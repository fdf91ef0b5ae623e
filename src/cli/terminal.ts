/**
 * Output to people and to programs: JSON lines on stdout, progress bars and prose on stderr. Prose may carry what others
 * wrote (answers, logs, names): nothing of it steers the terminal.
 */
import type { WireError } from "@/errors";
import { plainLine, plainText } from "@/util/plain-text";

export interface Terminal {
  readonly json: boolean;
  /** One JSON object a line; silent without --json. */
  emit(value: unknown): void;
  /** A line for people; silent with --json. */
  say(line?: string): void;
  /** A line for people that is no result: stderr. */
  note(line: string): void;
  /** A bar on the current line of stderr. */
  progress(label: string, done: number, total: number, note?: string): void;
  clear(): void;
  fail(error: WireError, detail: string): void;
}

const BAR = 24;

export function createTerminal(json: boolean): Terminal {
  const live = process.stderr.isTTY === true;
  let lastLabel = "";
  const clear = () => {
    if (live && lastLabel !== "") process.stderr.write("\r\x1b[K");
    lastLabel = "";
  };
  return {
    json,
    emit: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    say: (line = "") => {
      clear();
      if (!json) process.stdout.write(`${plainText(line)}\n`);
    },
    note: (line) => {
      clear();
      process.stderr.write(`${plainText(line)}\n`);
    },
    progress: (label, done, total, note = "") => {
      const share = total > 0 ? Math.min(1, done / total) : 0;
      // A log file gets one line at the start of a phase and one at its end, not a thousand.
      if (!live && done < total && label === lastLabel) return;
      lastLabel = label;
      const filled = Math.round(share * BAR);
      const bar = `${"█".repeat(filled)}${"░".repeat(BAR - filled)}`;
      const text = `${label.padEnd(12)} ${bar} ${String(Math.round(share * 100)).padStart(3)} %  ${plainLine(note)}`;
      process.stderr.write(live ? `\r\x1b[K${text}` : `${text}\n`);
    },
    clear,
    fail: ({ code, message, hint }, detail) => {
      process.stderr.write(plainText(`burnish: ${message}\n${hint ? `  ${hint}\n` : ""}${detail}`));
      if (json) process.stdout.write(`${JSON.stringify({ type: "error", code, message, hint })}\n`);
    },
  };
}

/** Columns padded to their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
