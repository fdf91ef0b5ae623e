/** Locks as files that hold a process number, for Node; a file whose process is gone locks nothing. */

import { rmSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkName } from "./files";
import type { Locks } from "./locks";

export function diskLocks(folder: string): Locks {
  const pathOf = (name: string) => join(folder, `${checkName(name)}.lock`);
  const held = async (name: string) => {
    const text = await readFile(pathOf(name), "utf8").catch(() => "");
    return /^\d+$/.test(text) && isAlive(Number(text));
  };
  return {
    held,
    hold: async (name) => {
      if (await held(name)) return null;
      await mkdir(folder, { recursive: true });
      await rm(pathOf(name), { force: true });
      // "wx" fails when another process was faster by a moment.
      const mine = await writeFile(pathOf(name), String(process.pid), { flag: "wx" }).then(
        () => true,
        () => false,
      );
      return mine ? () => rmSync(pathOf(name), { force: true }) : null;
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be asked, but it lives.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
