/** What makes files an export: reading them again, the card and scripts that go with them, and the way to the Hub. */
import { type CardFacts, modelCard } from "@/export/card";
import type { RunFacts } from "@/export/card-run";
import { curveSvg } from "@/export/curve";
import { modelfile } from "@/export/how-to-run";
import { licenceView } from "@/export/license";
import { RUN_FILE, readRunFile, runFile } from "@/export/run-file";
import { trainingScript } from "@/export/script";
import { fileStem } from "@/export/write";
import { PATIENCE } from "@/hub/client";
import { checkPush, type PushRequest, push } from "@/hub/push";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import { exportBase } from "@/session/export-base";
import { selfTest } from "@/session/self-test";
import type { PushAsk } from "@/worker/api/push";
import type { NamedFile } from "@/worker/api/sources";

type FinishCalls = Pick<Session, "selfTest" | "companions" | "checkPush" | "push">;

export function finishCalls(core: Core): FinishCalls {
  const { platform, state, requireIdle, requireModel } = core;
  const request = ({ repo, isPublic, update }: PushAsk, files: readonly NamedFile[]): PushRequest => ({
    ...{ repo, isPublic, update, title: "Trained with Burnish" },
    files: files.map(({ name, blob }) => ({ path: name, blob })),
  });
  const hubOf = (token: string | undefined, signal?: AbortSignal) => ({
    ...{ endpoint: platform.hub.endpoint, token: token ?? platform.hub.token, patience: PATIENCE },
    signal,
  });

  return {
    selfTest: async (made, files, ask, onProgress) => {
      requireIdle();
      return selfTest(core, made, files, ask, onProgress);
    },

    companions: async (made, tested, name, runText) => {
      const model = requireModel();
      const base = await exportBase(model);
      const run = (await runFacts(core)) ?? (runText === undefined ? undefined : readRunFile(runText));
      const svg = run ? curveSvg(run.losses, run.evals) : "";
      const script = run ? trainingScript(run.recipe, model) : null;
      const chat = model.template !== null;
      const facts: CardFacts = {
        name: name ?? `${fileStem(model.name)}-tuned`,
        base: { name: model.name, revision: model.revision, license: base.license, chat },
        ...{ made, run, hasCurve: svg !== "", hasScript: script !== null },
        ...(tested ? { selfTest: tested } : {}),
      };
      const stops = [model.tokenizer.eosToken].filter((token) => token !== "");
      const files: [string, string | null][] = [
        ["README.md", modelCard(facts)],
        ["recipe.json", run ? `${JSON.stringify(run.recipe, null, 2)}\n` : null],
        [RUN_FILE, run ? runFile(run) : null],
        ["curves.svg", svg === "" ? null : svg],
        ["train.py", script],
        ["Modelfile", made.format.startsWith("gguf") ? modelfile(made, { base: model.name, chat, stops }) : null],
      ];
      return files.flatMap(([file, text]) => (text === null ? [] : [{ name: file, blob: new Blob([text]) }]));
    },

    checkPush: async (ask, files) => {
      const found = await checkPush(hubOf(ask.token), request(ask, files));
      const license = ask.license ?? (state.model ? (await exportBase(state.model)).license : undefined);
      const { forbids, notes } = licenceView(license);
      return { ...found, forbids, notes };
    },

    push: async (ask, files, onProgress) => {
      requireIdle();
      state.download = new AbortController();
      const hub = hubOf(ask.token, state.download.signal);
      return push(hub, request(ask, files), onProgress).finally(() => delete state.download);
    },
  };
}

async function runFacts({ state, datasetFor }: Core): Promise<RunFacts | undefined> {
  const { trained, comparison } = state;
  if (!trained) return undefined;
  const { result, losses, evals } = trained;
  const { info } = await datasetFor(result.recipe);
  return {
    ...result,
    ...{ losses, evals, comparison },
    ...{ dataset: info.name, trainRows: info.trainRows, evalRows: info.evalRows },
  };
}
