/** Jobs that were submitted, from here and from elsewhere, and what trains again by the clock. */
import { useState } from "preact/hooks";
import { dollars, type ScheduledJob } from "@/offload/job";
import { DropZone, FilePicker, pathInFolder } from "@/ui/parts/files";
import { HubForm } from "@/ui/parts/hub-form";
import { Access } from "@/ui/parts/jobs/access";
import { GoOn } from "@/ui/parts/jobs/again";
import { FetchWeights } from "@/ui/parts/jobs/weights";
import { RoomPart } from "@/ui/parts/room-part";
import { idle } from "@/ui/state/core";
import { token } from "@/ui/state/hub";
import { follow, followed } from "@/ui/state/jobs-follow";
import {
  askHub,
  bringFolder,
  bringHome,
  busyWith,
  cancel,
  changeSchedule,
  fetched,
  type JobRow,
  jobRowsOf,
  runSchedule,
  schedules,
} from "@/ui/state/jobs-list";
import { fullAsk } from "@/ui/state/jobs-plan";
import { stageWords } from "@/ui/state/jobs-words";

export function JobList() {
  const rows = jobRowsOf.value;
  return (
    <RoomPart title="Your jobs">
      {fullAsk.value === null && <Access />}
      {rows.length === 0 ? (
        <p class="soft">None were submitted from this browser.</p>
      ) : (
        <ul class="files" data-testid="job-list">
          {rows.map((row) => (
            <Row key={row.id} row={row} />
          ))}
        </ul>
      )}
      <div class="actions">
        <button
          type="button"
          class="quiet small"
          data-testid="jobs-refresh"
          disabled={token.value.trim() === ""}
          onClick={() => void askHub()}
        >
          Ask the Hub
        </button>
        <span class="soft">
          {token.value.trim() === "" ? "Needs the token above." : "Also for jobs that were submitted elsewhere."}
        </span>
      </div>
      <Schedules />
    </RoomPart>
  );
}

function Row({ row }: { row: JobRow }) {
  const { id, name, title, stage, over, flavor, createdAt, spent, run, own } = row;
  const [sure, setSure] = useState(false);
  const closed = token.value.trim() === "";
  const current = followed.value?.name === name && followed.value.live;
  return (
    <li data-testid="job-row" data-stage={stage}>
      <span class="file-name">
        {title}
        <span class="soft jobs-sub">
          {flavor}, {new Date(createdAt).toLocaleString()}, {id.slice(0, 8)}
        </span>
      </span>
      <span class="number">
        {stageWords(stage)}
        {spent !== null && <span class="soft"> {dollars(spent)}</span>}
      </span>
      {run !== null && (
        <a href="#/runs" data-testid="job-run">
          in Runs
        </a>
      )}
      <button
        type="button"
        class="quiet small"
        data-testid="job-follow"
        disabled={closed || current}
        onClick={() => void follow(name)}
      >
        {current ? "Followed" : over ? "Look" : "Follow"}
      </button>
      {!over && (
        <button
          type="button"
          class="quiet small"
          disabled={closed || busyWith.value === id}
          onClick={() => (sure ? void cancel(row) : setSure(true))}
        >
          {sure ? "Really cancel it?" : "Cancel"}
        </button>
      )}
      {run === null && over && (
        <button
          type="button"
          class="quiet small"
          data-testid="job-bring"
          disabled={closed || !idle.value}
          onClick={() => void bringHome(name)}
        >
          Bring it back
        </button>
      )}
      {stage === "COMPLETED" && <FetchWeights name={name} title={title} disabled={closed} />}
      {over && own && stage !== "COMPLETED" && <GoOn name={name} disabled={closed} />}
    </li>
  );
}

function Schedules() {
  const all = schedules.value;
  if (all === null || all.length === 0) return null;
  return (
    <>
      <h3>Trained again by the clock</h3>
      <ul class="files" data-testid="schedule-list">
        {all.map((one) => (
          <ScheduleRow key={one.id} schedule={one} />
        ))}
      </ul>
    </>
  );
}

function ScheduleRow({ schedule: { id, schedule, paused, flavor, labels, nextRunAt } }: { schedule: ScheduledJob }) {
  const [sure, setSure] = useState(false);
  const next = nextRunAt === null ? "" : `, next ${new Date(nextRunAt).toLocaleString()}`;
  const button = (words: string, testid: string, act: () => void) => (
    <button type="button" class="quiet small" data-testid={testid} disabled={busyWith.value === id} onClick={act}>
      {words}
    </button>
  );
  return (
    <li data-testid="schedule-row" data-paused={paused}>
      <span class="file-name">
        {labels.burnish ?? id}
        <span class="soft jobs-sub">
          {schedule}, {flavor}
          {paused ? ", paused" : next}
        </span>
      </span>
      {button("Run now", "schedule-run", () => void runSchedule(id))}
      {paused
        ? button("Go on", "schedule-resume", () => void changeSchedule(id, "resume"))
        : button("Pause", "schedule-pause", () => void changeSchedule(id, "pause"))}
      {button(sure ? "Really delete it?" : "Delete", "schedule-delete", () =>
        sure ? void changeSchedule(id, "delete") : setSure(true),
      )}
    </li>
  );
}

/** What a job made, from the Hub or from a folder, becomes a run like any other. */
export function BringBack() {
  const [repo, setRepo] = useState("");
  const take = (files: readonly File[]) =>
    void bringFolder(files.map((file) => ({ name: pathInFolder(file), blob: file })));
  const valid = /^(hf:)?[\w.-]+\/[\w.-]+$/.test(repo.trim());
  return (
    <RoomPart title="Bring a result back">
      <Fetched />
      <div class="choices">
        <DropZone disabled={!idle.value} onFiles={take}>
          <strong>A folder</strong>
          <p class="soft">Drop what the script wrote on any machine: result.json with its adapter beside it.</p>
          <div class="actions">
            <FilePicker label="Pick the folder" testid="result-folder" folder disabled={!idle.value} onFiles={take} />
          </div>
        </DropZone>
        <HubForm
          id="result-repo"
          title="A repository"
          placeholder="owner/name"
          value={repo}
          blocked={!idle.value}
          ready={valid}
          button={{ label: "Bring it back", testid: "result-get" }}
          onValue={setRepo}
          onSubmit={() => void bringHome(`hf:${repo.trim().replace(/^hf:/, "")}`)}
          help="Of the Hub, with result.json at its top."
        />
      </div>
    </RoomPart>
  );
}

function Fetched() {
  const found = fetched.value;
  if (!found) return null;
  return (
    <div class="panel note" data-testid="job-fetched">
      <div>
        <p class="panel-title">It is a run of your list now, verified by size and SHA-256.</p>
        {found.verdict && <p>{found.verdict}</p>}
        {found.notes.map((note) => (
          <p key={note}>{note}</p>
        ))}
      </div>
      {found.from !== null && found.adapter.length === 0 && (
        <FetchWeights name={found.from} title={found.from.replace(/^hf:/, "")} disabled={false} />
      )}
      <a href="#/runs" data-testid="to-runs">
        Open Runs
      </a>
    </div>
  );
}
