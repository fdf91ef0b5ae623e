/** The job as it goes: where it stands, what it has cost, its loss, its GPUs, its log; and at its end what came of it. */
import { useEffect, useRef } from "preact/hooks";
import { dollars } from "@/offload/job";
import type { JobMetric } from "@/offload/job-stream";
import type { Outcome } from "@/offload/outcome";
import { BigNumber } from "@/ui/parts/big-number";
import { Chart } from "@/ui/parts/chart";
import { GoOn } from "@/ui/parts/jobs/again";
import { RoomPart } from "@/ui/parts/room-part";
import { lossFrame } from "@/ui/state/chart-data";
import { idle } from "@/ui/state/core";
import { bytes, duration, loss } from "@/ui/state/format";
import { type Followed, follow, followed, followedLog, stopFollowing } from "@/ui/state/jobs-follow";
import { bringHome, busyWith, cancel, jobRowsOf } from "@/ui/state/jobs-list";
import { PHASE_WORDS, PHASES, stageWords } from "@/ui/state/jobs-words";

export function Follow() {
  const job = followed.value;
  if (!job) return null;
  const { outcome, metric } = job;
  return (
    <RoomPart title="The job">
      <Head job={job} />
      {outcome && <End outcome={outcome} name={job.name} />}
      <Numbers job={job} />
      <Curve />
      {metric && !outcome && <Machine metric={metric} />}
      <Log job={job} />
    </RoomPart>
  );
}

function Head({ job: { name, job, progress, note, live, outcome } }: { job: Followed }) {
  const phase = progress?.phase ?? "waiting";
  const at = PHASES.indexOf(phase);
  return (
    <>
      <p>
        <code>{name}</code>{" "}
        <strong data-testid="job-stage" data-stage={job?.stage}>
          {job ? stageWords(job.stage) : "asking for it"}
        </strong>
        {job?.message && <span class="soft"> {job.message}</span>}
      </p>
      {!outcome && (
        <ol class="jobs-phases" data-testid="job-phase" data-phase={phase}>
          {PHASES.map((one, i) => (
            <li key={one} data-done={i < at} aria-current={i === at ? "step" : undefined}>
              {PHASE_WORDS[one]}
            </li>
          ))}
        </ol>
      )}
      {note && (
        <p class="panel note" data-testid="job-note">
          {note}
        </p>
      )}
      {!outcome && (
        <div class="actions">
          {live ? (
            <button type="button" class="quiet small" data-testid="job-leave" onClick={stopFollowing}>
              Stop following
            </button>
          ) : (
            <button type="button" class="quiet small" onClick={() => void follow(name)}>
              Follow again
            </button>
          )}
          <button
            type="button"
            class="quiet small"
            data-testid="job-cancel"
            disabled={!job || job.over || busyWith.value === job.id}
            onClick={() => job && void cancel({ id: job.id, name })}
          >
            Cancel the job
          </button>
          <span class="soft">It goes on, and costs, whether this page is open or not.</span>
        </div>
      )}
    </>
  );
}

function End({ outcome: { ok, happened, spent, safe, next }, name }: { outcome: Outcome; name: string }) {
  const own = jobRowsOf.value.some((row) => row.own && row.name === name);
  return (
    <div class={ok ? "panel note" : "panel bad"} data-testid="job-outcome" data-ok={ok}>
      <div>
        <p class="panel-title">{happened}</p>
        <p>
          {spent} {safe}
        </p>
        <p>{next}</p>
      </div>
      {ok && (
        <button
          type="button"
          class="primary"
          data-testid="job-fetch"
          disabled={!idle.value}
          onClick={() => void bringHome(name)}
        >
          Bring it back
        </button>
      )}
      {!ok && own && <GoOn name={name} disabled={false} />}
    </div>
  );
}

function Numbers({ job: { job, spent, progress } }: { job: Followed }) {
  const total = progress?.totalSteps ?? null;
  return (
    <div class="numbers">
      <BigNumber label="Cost so far" testid="job-spent" value={spent === null ? "–" : dollars(spent)} />
      <BigNumber label="On the machine" testid="job-time" value={job ? duration(job.runningSeconds) : "–"} />
      <BigNumber
        label="Step"
        testid="job-step"
        value={progress && total !== null ? `${progress.step} of ${total}` : "–"}
      />
      <BigNumber
        label="Training loss"
        testid="job-loss"
        value={progress?.loss === null || progress === null ? "–" : loss(progress.loss)}
      />
    </div>
  );
}

function Curve() {
  const log = followedLog.value;
  if (!log) return null;
  return <Chart kind="loss" title="Loss" frame={lossFrame(log)} total={log.total} />;
}

function Machine({ metric: { gpus, cpuPercent, memory } }: { metric: JobMetric }) {
  const share = (used: number, total: number) => (total > 0 ? used / total : 0);
  return (
    <ul class="jobs-machine" data-testid="job-machine">
      {gpus.map(({ percent, used, total }, i) => (
        <li key={i}>
          <span>
            GPU {i + 1}: {Math.round(percent)} % busy, {bytes(used)} of {bytes(total)}
          </span>
          <progress aria-label={`Memory of GPU ${i + 1}`} value={share(used, total)} max={1} />
        </li>
      ))}
      <li class="soft">
        CPU {Math.round(cpuPercent)} %, main memory {bytes(memory.used)} of {bytes(memory.total)}
      </li>
    </ul>
  );
}

/** Follows its end, until somebody scrolls up. */
function Log({ job: { lines, earlier, outcome } }: { job: Followed }) {
  const place = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const box = place.current;
    if (box && atEnd.current) box.scrollTop = box.scrollHeight;
  }, [lines]);
  return (
    <details open={outcome === null || !outcome.ok}>
      <summary>Log{lines.length > 0 && `, ${earlier + lines.length} lines`}</summary>
      {earlier > 0 && <p class="help">The first {earlier} are no longer shown.</p>}
      <pre
        ref={place}
        class="jobs-text jobs-log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
        tabIndex={0}
        data-testid="job-log"
        onScroll={({ currentTarget: box }) => {
          atEnd.current = box.scrollTop + box.clientHeight > box.scrollHeight - 30;
        }}
      >
        {lines.length === 0 ? "Nothing was said yet." : lines.join("\n")}
      </pre>
    </details>
  );
}
