/** What the gates say of the rows that would leave: the same words, and the same yes by name, as before a run here. */
import { Findings, StoppedBy } from "@/ui/parts/findings";
import { RoomPart } from "@/ui/parts/room-part";
import { acceptInJobs, fixInJobs, jobStopping, planned } from "@/ui/state/jobs-plan";

export function JobData() {
  const made = planned.value;
  if (!made) return null;
  const { findings, data } = made.facts;
  return (
    <RoomPart title="Data">
      <Findings
        findings={findings}
        rows={data.rows + data.heldOut}
        onAccept={(gate) => void acceptInJobs(gate)}
        onFix={(fix) => void fixInJobs(fix)}
      />
      <StoppedBy findings={jobStopping.value} testid="jobs-stopped-by" />
    </RoomPart>
  );
}
