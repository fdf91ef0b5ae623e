/** A skill comes in, is checked, and what of it reaches the model is chosen. All of its words are text. */

import { FindingList } from "@/ui/parts/evaluate/finding-list";
import { DropZone, FilePicker } from "@/ui/parts/files";
import { idle } from "@/ui/state/core";
import { plural } from "@/ui/state/format";
import { choose, openSkillFiles, pasteSkill, type SkillSlot } from "@/ui/state/skill";

interface Props {
  readonly label: string;
  readonly testid: string;
  readonly slot: SkillSlot;
}

export function SkillField({ label, testid, slot }: Props) {
  const blocked = !idle.value;
  const onFiles = (files: File[]) => void openSkillFiles(slot, files);
  return (
    <div class="skill-text">
      <DropZone onFiles={onFiles} disabled={blocked}>
        <label for={`${testid}-text`}>
          {label} <span class="soft">(optional): paste a SKILL.md, or drop it, its folder or a zip</span>
        </label>
        <textarea
          id={`${testid}-text`}
          rows={slot.source.value === "" ? 2 : 7}
          data-testid={`${testid}-text`}
          value={slot.source.value}
          disabled={blocked}
          onInput={(event) => void pasteSkill(slot, event.currentTarget.value)}
        />
        <div class="actions">
          <FilePicker label="SKILL.md or zip" testid={`${testid}-file`} disabled={blocked} onFiles={onFiles} />
          <FilePicker label="Folder" testid={`${testid}-folder`} folder multiple disabled={blocked} onFiles={onFiles} />
        </div>
      </DropZone>
      {slot.skill.value && <Checked slot={slot} testid={testid} />}
    </div>
  );
}

function Checked({ slot, testid }: Pick<Props, "slot" | "testid">) {
  const found = slot.findings.value;
  const worst = found.filter(({ severity }) => severity === "error").length;
  const size = slot.size.value;
  return (
    <>
      <Reaches slot={slot} />
      {size && (
        <p class="soft" data-testid={`${testid}-size`}>
          {size.parts
            .filter(({ kind }) => kind !== "section")
            .map(({ name, tokens }) => `${name} ${tokens}`)
            .join(", ")}{" "}
          tokens of {size.model}. {size.fit.sentence}
          {size.marks.length > 0 &&
            ` It spells marks of the model’s template (${size.marks.join(" ")}); they reach it as plain text.`}
        </p>
      )}
      {found.length > 0 && (
        <details open={worst > 0}>
          <summary>
            {plural(found.length, "finding")}
            {worst > 0 && `, ${plural(worst, "error")}`}
          </summary>
          <FindingList found={found} testid={`${testid}-findings`} />
        </details>
      )}
    </>
  );
}

/** What of it stands before the question. */
function Reaches({ slot }: { slot: SkillSlot }) {
  const { about, body, references, scripts } = slot.choice.value;
  const files = slot.skill.value?.files ?? [];
  const has = (folder: string) => files.some(({ path, text }) => path.startsWith(folder) && text !== null);
  const box = (label: string, on: boolean, change: Parameters<typeof choose>[1]) => (
    <label>
      <input type="checkbox" checked={on} disabled={!idle.value} onChange={() => void choose(slot, change)} />
      {label}
    </label>
  );
  return (
    <fieldset class="checks">
      <legend class="unseen">What of it reaches the model</legend>
      {box("body", body, { body: !body })}
      {box("name and description", about, { about: !about })}
      {has("references/") && box("references", references === "all", { references: references === "all" ? [] : "all" })}
      {has("scripts/") && box("scripts", scripts === "all", { scripts: scripts === "all" ? [] : "all" })}
    </fieldset>
  );
}
