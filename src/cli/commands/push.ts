/** burnish push: a folder that was exported, to a repository of the Hub. The token is HF_TOKEN. */
import type { Command } from "@/cli/command";
import { megabytes } from "@/cli/commands/shared";
import { wholeFolder } from "@/cli/files";
import { AppError } from "@/errors";
import { cardLicence } from "@/export/license";

const PHASES = { check: "checking", hash: "hashing", send: "sending", commit: "committing" } as const;

export const pushResult: Command = {
  name: "push",
  summary: "Push an exported folder to the Hub, into a new private repository unless told otherwise (HF_TOKEN).",
  required: ["from", "repo"],
  optional: ["public", "update"],
  run: async ({ session, flags, terminal }) => {
    const { from = "", repo = "" } = flags;
    const files = await wholeFolder(from);
    const ask = { repo, isPublic: flags.public === true, update: flags.update === true };
    const license = cardLicence((await files.find(({ name }) => name === "README.md")?.blob.text()) ?? "");
    const view = await session.checkPush({ ...ask, ...(license ? { license } : {}) }, files);
    if (view.forbids !== null) {
      throw new AppError("usage", view.forbids, { hint: "Keep it for yourself, or ask the base's owner." });
    }
    for (const note of view.notes) terminal.note(note);
    const where = view.exists ? "updates" : ask.isPublic ? "makes, for all to see," : "makes, for you alone,";
    terminal.note(`${view.account} ${where} ${view.repo}: ${files.length} files, ${megabytes(view.bytes)}`);
    const { url, commit } = await session.push(ask, files, ({ phase, done, total }) =>
      terminal.progress("push", done, total, `${PHASES[phase]}, ${megabytes(done)} of ${megabytes(total)}`),
    );
    terminal.say(`Pushed: ${url}`);
    terminal.emit({ type: "push", repo: view.repo, url, commit, files: files.map(({ name }) => name) });
  },
};
