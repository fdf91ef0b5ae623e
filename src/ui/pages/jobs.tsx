/** The room for what this tab is too small for: the same recipe planned, submitted, followed and brought back. */
import { useEffect } from "preact/hooks";
import { ErrorPanel } from "@/ui/parts/error-panel";
import { Again } from "@/ui/parts/jobs/again";
import { Follow } from "@/ui/parts/jobs/follow";
import { JobData } from "@/ui/parts/jobs/job-data";
import { BringBack, JobList } from "@/ui/parts/jobs/list";
import { PlanForm } from "@/ui/parts/jobs/plan-form";
import { PlanTable } from "@/ui/parts/jobs/plan-table";
import { Script } from "@/ui/parts/jobs/script";
import { Submit } from "@/ui/parts/jobs/submit";
import { Weights } from "@/ui/parts/jobs/weights";
import { readJobs } from "@/ui/state/jobs-list";
import { ask, chosenRow, remakeAsk } from "@/ui/state/jobs-plan";

export function Jobs() {
  useEffect(() => {
    void readJobs();
    // Something may have been accepted in the first room since.
    if (chosenRow.value !== null && ask.value === null) void remakeAsk();
  }, []);
  return (
    <main class="room jobs-room" tabIndex={-1}>
      <h1>Jobs</h1>
      <p class="soft lead">
        Hand it to a larger GPU: the same recipe, from half a billion to seventy billion parameters, on a machine that
        is rented by the minute or on one of your own. It comes back as a run of your list. Nothing is sent or spent
        without a yes.
      </p>
      <PlanForm />
      <JobData />
      <PlanTable />
      <Again />
      <Script />
      <Submit />
      <ErrorPanel place="jobs" />
      <Follow />
      <JobList />
      <Weights />
      <BringBack />
    </main>
  );
}
