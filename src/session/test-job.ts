/** For tests: a session beside a loopback Hub, and a job that could be submitted. */
import { nodeCages } from "@/eval/sandbox/node-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";
import type { TestHub } from "@/hub/loopback-hub";
import type { JobAsk } from "@/offload/submission";
import { TIMING } from "@/offload/test-jobs";
import { chooseTarget } from "@/session/choose-target";
import type { Session } from "@/session/contract";
import { createSession } from "@/session/session";
import { RECIPE, TOKEN } from "@/session/test-work";
import { memoryLocks } from "@/storage/locks";
import { memoryFiles } from "@/storage/memory-files";
import { memoryRecords } from "@/storage/records";

export function sessionAt({ url }: TestHub, token = TOKEN): Session {
  const unused = async () => Promise.reject(new Error("not needed"));
  const [runs, jobs] = [{ records: memoryRecords(), files: memoryFiles(), locks: memoryLocks() }, memoryRecords()];
  return createSession({
    ...{ bundled: unused, onnxruntime: unused, openTarget: () => chooseTarget("cpu", undefined) },
    ...{
      runs: async () => runs,
      jobs: async () => jobs,
      sandbox: () => createSandbox(nodeCages()),
      files: async () => memoryFiles(),
    },
    exports: { folder: async () => memoryFiles(), room: async () => null },
    hub: { endpoint: url, token },
    jobTiming: TIMING,
  });
}

const SCRIPT = '# /// script\n# dependencies = ["trl"]\n# ///\nprint("hello")\n';
const ROWS = Array.from({ length: 8 }, (_, i) => `${JSON.stringify({ prompt: `${i}`, completion: "a" })}\n`).join("");

export function ask(changes: Partial<JobAsk> = {}, rows = ROWS): JobAsk {
  const file = (name: string, text: string) => ({ name, blob: new Blob([text]) });
  return {
    ...{ name: "tiny-sft", files: [file("train.py", SCRIPT), file("train.jsonl", rows), file("notes.txt", "secret")] },
    ...{ recipe: RECIPE, model: { name: "test/tiny", revision: null }, flavor: "t4-small", timeoutSeconds: 1800 },
    data: { name: "rows.jsonl", trainRows: 8, evalRows: 0 },
    ...changes,
  };
}

export async function submit(session: Session, asked = ask()) {
  const preview = await session.previewJob(asked);
  return session.submitJob(asked, { preview, ceilingDollars: preview.ceilingDollars ?? 0 }, () => {});
}
