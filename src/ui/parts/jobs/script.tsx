/** The same run without this page: files to look at and download, and the Hub's own command. */
import { useState } from "preact/hooks";
import { RoomPart } from "@/ui/parts/room-part";
import { save } from "@/ui/parts/save";
import { bytes } from "@/ui/state/format";
import { fullAsk, key, shellLine, UNNAMED } from "@/ui/state/jobs-plan";
import { preview } from "@/ui/state/jobs-submit";
import type { NamedFile } from "@/worker/api/sources";

const WHAT: Readonly<Record<string, string>> = {
  "train.py": "the script: uv run train.py, on any CUDA machine",
  "train.jsonl": "rows to train on, in TRL’s columns",
  "held-out.jsonl": "rows to measure on",
  "recipe.json": "every setting",
  "train.ipynb": "the same in a notebook",
  "train.slurm": "for a cluster: sbatch train.slurm",
  "train.sky.yaml": "for SkyPilot: sky jobs launch",
};

export function Script() {
  const ask = fullAsk.value;
  if (!ask) return null;
  return (
    <RoomPart title="The script, for anywhere">
      <p class="soft">
        One file says it all, and ends where this page would: same rows, same tokens, same masks. Run it on any machine
        with CUDA, or hand it to Hugging Face Jobs yourself.
      </p>
      <ul class="files">
        {ask.files.map((file) => (
          <FileRow key={`${key.value} ${file.name}`} file={file} />
        ))}
      </ul>
      <div class="actions">
        <button
          type="button"
          class="quiet"
          data-testid="jobs-save-all"
          onClick={() => {
            for (const { name, blob } of ask.files) save(name, blob);
          }}
        >
          Download all
        </button>
      </div>
      <ShellLine />
    </RoomPart>
  );
}

function FileRow({ file: { name, blob } }: { file: NamedFile }) {
  const [text, setText] = useState<string | null>(null);
  const look = async () => setText(text === null ? await blob.text() : null);
  return (
    <li class="jobs-file">
      <span class="file-name">{name}</span>
      <span class="soft">
        {WHAT[name] ?? ""}, {bytes(blob.size)}
      </span>
      <button
        type="button"
        class="quiet small"
        data-testid={`look-${name}`}
        aria-expanded={text !== null}
        onClick={() => void look()}
      >
        {text === null ? "Look" : "Close"}
        <span class="unseen"> at {name}</span>
      </button>
      <button type="button" class="quiet small" data-testid={`save-${name}`} onClick={() => save(name, blob)}>
        Download<span class="unseen"> {name}</span>
      </button>
      {text !== null && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
        <pre class="jobs-text" tabIndex={0} data-testid={`text-${name}`}>
          {text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}\n… (the rest is in the download)` : text}
        </pre>
      )}
    </li>
  );
}

const MOST_SHOWN = 60_000;

/** Where a browser is not let through, this line is the way. */
export function ShellLine() {
  const [copied, setCopied] = useState("");
  const line = preview.value?.commandLine ?? shellLine.value;
  if (!line) return null;
  const copy = () =>
    navigator.clipboard.writeText(line).then(
      () => setCopied("Copied"),
      () => setCopied("Select it and copy by hand"),
    );
  return (
    <div class="jobs-shell">
      <p>
        <strong>The same job from a shell</strong>, beside the downloaded files
        {line.includes(UNNAMED) ? ` (put your account in place of ${UNNAMED}):` : ":"}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard */}
      <pre class="jobs-text" tabIndex={0} data-testid="jobs-line">
        {line}
      </pre>
      <div class="actions">
        <button type="button" class="quiet small" data-testid="jobs-copy" onClick={() => void copy()}>
          Copy
        </button>
        <span class="soft" aria-live="polite">
          {copied}
        </span>
      </div>
    </div>
  );
}
