/** Ways for files to come in: a labelled picker that looks like a button, and a zone that takes dropped folders too. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

/** Where a file lies in the folder that was given, which is left out. */
export const pathInFolder = (file: File): string => file.webkitRelativePath.split("/").slice(1).join("/") || file.name;

interface PickerProps {
  readonly label: string;
  readonly testid: string;
  readonly onFiles: (files: File[]) => void;
  readonly accept?: string;
  readonly multiple?: boolean;
  readonly folder?: boolean;
  readonly disabled?: boolean;
}

export function FilePicker({ label, testid, onFiles, accept, multiple, folder, disabled }: PickerProps) {
  return (
    <label class="picker quiet" data-disabled={disabled}>
      <input
        type="file"
        class="unseen"
        data-testid={testid}
        accept={accept}
        multiple={multiple}
        disabled={disabled}
        {...(folder ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          const input = event.currentTarget;
          const files = [...(input.files ?? [])];
          // Emptied, so that the same file can be picked again after it was corrected.
          input.value = "";
          if (files.length > 0) onFiles(files);
        }}
      />
      {label}
    </label>
  );
}

interface ZoneProps {
  readonly onFiles: (files: File[]) => void;
  readonly disabled?: boolean;
  readonly children: ComponentChildren;
}

export function DropZone({ onFiles, disabled, children }: ZoneProps) {
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra; the pickers inside serve the keyboard
    <div
      class="zone"
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={async (event) => {
        event.preventDefault();
        setOver(false);
        if (disabled || event.dataTransfer === null) return;
        const files = await droppedFiles(event.dataTransfer);
        if (files.length > 0) onFiles(files);
      }}
    >
      {children}
    </div>
  );
}

/** Dropped files and folders, as a picker gives them; entries must be asked for before the first await, or they are gone. */
async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const lists = await Promise.all(entries.map((entry) => filesOf(entry, "")));
  return lists.flat();
}

const DEEPEST = 4;

async function filesOf(entry: FileSystemEntry, folder: string): Promise<File[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    // A picker tells the path; a dropped file's is empty.
    if (folder !== "") Object.defineProperty(file, "webkitRelativePath", { value: `${folder}${entry.name}` });
    return [file];
  }
  if (!isFolder(entry) || entry.name.startsWith(".") || folder.split("/").length > DEEPEST) return [];
  const reader = entry.createReader();
  const files: File[] = [];
  for (;;) {
    // A reader hands out its entries in portions and ends with an empty one.
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return files;
    for (const inner of portion) files.push(...(await filesOf(inner, `${folder}${entry.name}/`)));
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
