/** What the core offers, as types: all that a page may ask, and what only the command line needs. */
import type { Method } from "@/data/row";
import type { ExportSink } from "@/export/format";
import type { SkillCalls } from "@/session/calls/skills";
import type { SuiteCalls } from "@/session/calls/suites";
import type { Inspection } from "@/session/inspect";
import type { RowScore } from "@/session/score";
import type { RowTokens } from "@/session/tokens";
import type { RecipeInput } from "@/train/recipe";
import type { SessionApi } from "@/worker/api";
import type { CompareEvent } from "@/worker/api/comparison";
import type { ExportChoice, ExportOutline } from "@/worker/api/export";
import type { JobFacts, JobsApi } from "@/worker/api/jobs";
import type { BaseDtype } from "@/worker/api/model";
import type { DatasetSource, ModelSource, NamedFile } from "@/worker/api/sources";

/** What the CLI may ask beyond the page. */
export interface Session extends SessionApi, JobsApi, SuiteCalls, SkillCalls {
  /** Without reading its rows; gives the recipe that the dataset recommends. For a check, which may have no model. */
  useDataset(source: DatasetSource): Promise<RecipeInput>;
  score(file: NamedFile, recipe: RecipeInput, useAdapter: boolean): Promise<RowScore[]>;
  /** Rows as a trainer would get them. Needs no open model. */
  tokens(source: ModelSource, file: NamedFile, method: Method, recipe: RecipeInput): Promise<RowTokens[]>;
  /** The base model alone on the held-out cases. */
  evaluateBase(
    onEvent: (event: CompareEvent) => void,
  ): Promise<{ prompt: string; expected: string; base: string; passed: boolean }[]>;
  /** The adapter that a run of this recipe starts from, as PEFT files. */
  initialAdapter(recipe: RecipeInput): Promise<NamedFile[]>;
  /** A run as another machine gets it. Needs no open model; a config.json alone will do. */
  jobFacts(source: ModelSource, data: DatasetSource, recipe: RecipeInput): Promise<JobFacts>;
  inspect(source: ModelSource, dtype: BaseDtype, recipe: RecipeInput, tokens: number): Promise<Inspection>;
  /** From files to files, without a device. Throws before anything is written where it can be known. */
  exportFrom(
    source: ModelSource,
    adapter: readonly NamedFile[] | null,
    choice: ExportChoice,
    sink: ExportSink,
    onProgress: (done: number, total: number) => void,
  ): Promise<ExportOutline>;
  release(): Promise<void>;
}
