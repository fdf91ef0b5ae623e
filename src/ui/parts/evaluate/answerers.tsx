/** Who answers: the model in this tab with kept adapters, ONNX models, a server. What is on shares one table. */

import { InTab } from "@/ui/parts/evaluate/in-tab";
import { OnServer } from "@/ui/parts/evaluate/on-server";
import { OnnxModels } from "@/ui/parts/evaluate/onnx-models";
import { RoomPart } from "@/ui/parts/room-part";
import { idle } from "@/ui/state/core";
import { form, setForm } from "@/ui/state/evaluate-form";

const KINDS = [
  ["tab", "The model in this tab"],
  ["onnx", "ONNX models"],
  ["server", "A server"],
] as const;

export function Answerers() {
  const { tab, onnx, server } = form.value;
  return (
    <RoomPart title="Who answers">
      <fieldset class="filter">
        <legend class="unseen">Who answers; several share one table</legend>
        {KINDS.map(([name, words]) => (
          <label key={name}>
            <input
              type="checkbox"
              class="unseen"
              data-testid={`evaluate-${name}`}
              checked={form.value[name]}
              disabled={!idle.value}
              onChange={() => setForm({ [name]: !form.value[name] })}
            />
            {words}
          </label>
        ))}
      </fieldset>
      {tab && <InTab />}
      {onnx && <OnnxModels />}
      {server && <OnServer />}
    </RoomPart>
  );
}
