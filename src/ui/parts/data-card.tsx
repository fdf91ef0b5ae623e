/** Step 2: what it learns from. Good rows are kept and counted, wrong ones named by line, and the mask is shown. */
import { Card } from "@/ui/parts/card";
import { ColumnMap } from "@/ui/parts/column-map";
import { DataFindings } from "@/ui/parts/data-findings";
import { DataInput } from "@/ui/parts/data-input";
import { Facts } from "@/ui/parts/facts";
import { DropZone, FilePicker } from "@/ui/parts/files";
import { Findings } from "@/ui/parts/findings";
import { LengthHistogram } from "@/ui/parts/length-histogram";
import { MaskView } from "@/ui/parts/mask-view";
import { Progress } from "@/ui/parts/progress";
import { RowViewer } from "@/ui/parts/row-view";
import { catalog } from "@/ui/state/catalog";
import { acceptFinding, dataReport, showRow } from "@/ui/state/check";
import { activity, idle } from "@/ui/state/core";
import { applyFix } from "@/ui/state/data-input";
import {
  dataset,
  datasetSource,
  evalFile,
  openBundled,
  pickDataFile,
  readingShare,
  trainFile,
} from "@/ui/state/dataset";
import { integer, plural } from "@/ui/state/format";
import { model } from "@/ui/state/model";
import { linked } from "@/ui/state/recipe";
import { control } from "@/ui/state/run";
import type { DataFix, DatasetInfo, RowPlace } from "@/worker/api/data";

const TYPES: Readonly<Record<string, string>> = {
  "prompt-completion": "prompt and completion",
  "language-modeling": "plain text",
  messages: "conversations",
  preference: "preferences: chosen and rejected",
  "prompt-only": "prompts, answered by the model",
};

export function DataCard() {
  const info = dataset.value;
  const summary = info
    ? `${info.name} · ${plural(info.trainRows, "row")}, ${integer(info.evalRows)} held out`
    : undefined;
  const waitsFor = model.value === null ? "Open a model first: rows are cut into its tokens." : null;
  return (
    <Card place="data" step="2" title="Data" summary={summary} done={info !== null} waitsFor={waitsFor}>
      <DataChoice />
      {activity.value === "data" && <Reading />}
      <ColumnMap />
      {info && <DataReport info={info} />}
    </Card>
  );
}

function Reading() {
  return (
    <div class="actions">
      <Progress label="Reading the rows" fraction={readingShare.value} />
      <button type="button" class="quiet small" data-testid="stop-reading" onClick={() => void control("stop")}>
        Stop
      </button>
    </div>
  );
}

function DataChoice() {
  const source = datasetSource.value;
  const onFiles = ([first, second]: File[]) => {
    if (second) evalFile.value = second;
    if (first) void pickDataFile("train", first);
  };
  return (
    <div class="choices">
      {catalog.value.map(({ name, title, description, rows }) => (
        <button
          key={name}
          type="button"
          class="tile"
          data-testid={`open-${name}`}
          aria-pressed={source?.kind === "bundled" && source.name === name}
          disabled={!idle.value}
          onClick={() => void openBundled(name)}
        >
          <strong>{title}</strong>
          <span>{description}</span>
          <span class="tile-foot">
            {plural(rows, "row")}
            {linked.value?.data.train === `bundled:${name}` ? " · asked for by this link" : ""}
          </span>
        </button>
      ))}
      <DropZone onFiles={onFiles} disabled={!idle.value}>
        <p>
          <strong>Your own rows</strong>
        </p>
        <p class="soft">JSONL, JSON, CSV, Parquet, or a zip of them; of a large file, a sample is held.</p>
        <div class="actions">
          <DataPicker part="train" label={trainFile.value?.name ?? "Choose rows"} testid="data-file" />
          <DataPicker part="eval" label={evalFile.value?.name ?? "Held-out rows (optional)"} testid="data-eval-file" />
        </div>
      </DropZone>
      <DataInput />
    </div>
  );
}

function DataPicker({ part, label, testid }: { part: "train" | "eval"; label: string; testid: string }) {
  const take = ([file]: File[]) => {
    if (file) void pickDataFile(part, file);
  };
  return (
    <FilePicker
      label={label}
      testid={testid}
      accept=".jsonl,.ndjson,.json,.csv,.tsv,.parquet,.zip,.gz"
      disabled={!idle.value}
      onFiles={take}
    />
  );
}

function DataReport({ info }: { info: DatasetInfo }) {
  return (
    <>
      <Facts
        items={[
          ["Shape", TYPES[info.type] ?? info.type],
          ["Rows that teach", integer(info.trainRows)],
          ["Held-out rows", integer(info.evalRows)],
          ["Longest row", plural(info.maxTokens, "token")],
        ]}
      />
      <Losses info={info} />
      {/* What reading found is in the report too; until that is made, it stands for itself. */}
      {dataReport.value === null ? <DataFindings findings={info.findings} /> : <Checked />}
      <MaskView info={info} />
      <RowViewer />
      <LengthHistogram />
    </>
  );
}

function Checked() {
  const report = dataReport.value;
  if (report === null) return null;
  const actions = {
    onAccept: acceptFinding,
    onFix: (fix: DataFix) => void applyFix(fix),
    onRow: (place: RowPlace) => void showRow(place),
  };
  return <Findings findings={report.findings} rows={report.rows} {...actions} />;
}

function Losses({ info }: { info: DatasetInfo }) {
  const lines = [
    info.totalRows > info.trainRows + info.evalRows + info.droppedRows + info.faultCount
      ? `${integer(info.totalRows)} rows were read; a sample of ${integer(info.trainRows + info.evalRows + info.droppedRows)} is held.`
      : "",
    info.truncatedRows > 0 ? `${plural(info.truncatedRows, "row")} cut at the longest length.` : "",
    info.droppedRows > 0 ? `${plural(info.droppedRows, "row")} left out: nothing in them teaches after the cut.` : "",
  ].filter((line) => line !== "");
  if (lines.length === 0 && info.faultCount === 0) return null;
  return (
    <div class="panel note" data-testid="data-faults">
      <div>
        {lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
        {info.faultCount > 0 && (
          <details open={info.faultCount <= 5}>
            <summary>{plural(info.faultCount, "row")} could not be read; the good rows were kept.</summary>
            <ol class="fault-list">
              {info.faults.map(({ line, message }) => (
                <li key={`${line}:${message}`}>
                  <span class="number">line {integer(line)}</span> {message}
                </li>
              ))}
            </ol>
          </details>
        )}
      </div>
    </div>
  );
}
