/** public/skills/burnish teaches an agent to drive this command line: it is a good skill, and each command in it is one. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "@/cli/commands";
import { parseFlags } from "@/cli/parse-flags";
import { checkSkill } from "@/skill/check";
import { openSkill } from "@/skill/open";

const source = readFileSync("public/skills/burnish/SKILL.md", "utf8");
const shell = [...source.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.trim().split("\n"));

/** Words of a line, "as quoted" ones whole. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");

describe("the skill that drives Burnish", () => {
  test("has no finding", async () => {
    expect(checkSkill(await openSkill([{ name: "SKILL.md", blob: new Blob([source]) }], "burnish"))).toEqual([]);
  });

  test("shows commands", () => {
    expect(shell.length).toBeGreaterThan(12);
    expect(new Set(shell.map((line) => wordsOf(line)[0]))).toEqual(new Set(["burnish"]));
  });

  test.each(shell)("%s", (line) => {
    const [, name = "", ...args] = wordsOf(line);
    const command = COMMANDS[name];
    expect(command, `there is a command ${name}`).toBeDefined();
    if (command) expect(() => parseFlags(command, args)).not.toThrow();
  });

  test("names no flag that no command takes", () => {
    const known = new Set(
      Object.values(COMMANDS).flatMap(({ required, optional }) => [...required, ...optional, "json", "device"]),
    );
    const named = [...source.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, flag = ""]) => flag);
    expect(named.length).toBeGreaterThan(30);
    expect([...new Set(named)].filter((flag) => !known.has(flag))).toEqual([]);
    expect(() =>
      parseFlags(COMMANDS.eval ?? { name: "", summary: "", required: [], optional: [] }, ["--no-such-flag"]),
    ).toThrow();
  });
});
