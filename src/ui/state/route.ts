/**
 * Which room of the page is open: "#/bench" is the room "bench". Any other fragment (none, or a shared recipe) is the
 * first room, so that old links keep their meaning.
 */
import { signal } from "@preact/signals";

export const room = signal("");

/** "#/bench" → "bench", "#recipe:…" → "". */
export function roomOf(hash: string): string {
  return /^#\/([a-z-]+)$/.exec(hash)?.[1] ?? "";
}

export function watchRoom(): () => void {
  const read = () => {
    room.value = roomOf(location.hash);
  };
  read();
  window.addEventListener("hashchange", read);
  return () => window.removeEventListener("hashchange", read);
}
