/** Gives a person a file, by the browser's own way of downloading. */
export function save(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // Revoked late: some browsers read the address only after the click returns.
  setTimeout(() => URL.revokeObjectURL(address), 30_000);
}
