/** The frame around the rooms: what belongs to the document rather than to one of them (title, theme, live region). */
import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { PAGES, pageOf } from "@/ui/pages";
import { followDemo } from "@/ui/parts/follow";
import { SiteBar } from "@/ui/parts/site-bar";
import { activity } from "@/ui/state/core";
import { room, watchRoom } from "@/ui/state/route";
import { runLog, spoken } from "@/ui/state/run";
import { titleOf } from "@/ui/state/run-log";
import { chosenTheme, systemTheme } from "@/ui/state/theme";

export function App() {
  useEffect(() => {
    const ends = [effect(showTitle), effect(applyTheme), watchRoom(), watchSystemTheme(), followDemo()];
    window.addEventListener("beforeunload", guardRun);
    return () => {
      for (const end of ends) end();
      window.removeEventListener("beforeunload", guardRun);
    };
  }, []);
  const { room: current, View } = pageOf(room.value);
  return (
    <>
      <button type="button" class="skip" onClick={skipToMain}>
        Skip to the main part
      </button>
      <SiteBar rooms={PAGES} current={current} />
      <View />
      <p class="unseen" aria-live="polite" data-testid="announcer">
        {spoken}
      </p>
    </>
  );
}

/** Not by the address: its fragment names the room. */
function skipToMain(): void {
  document.querySelector("main")?.focus();
}

const PLAIN_TITLE = document.title;

function showTitle(): void {
  const log = runLog.value;
  document.title = activity.value === "run" && log ? `${titleOf(log)} · Burnish` : PLAIN_TITLE;
}

function applyTheme(): void {
  const theme = chosenTheme.value;
  if (theme === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function watchSystemTheme(): () => void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const read = () => {
    systemTheme.value = query.matches ? "dark" : "light";
  };
  read();
  query.addEventListener("change", read);
  return () => query.removeEventListener("change", read);
}

/** A courtesy only: the browser asks before a running training is closed. */
function guardRun(event: BeforeUnloadEvent): void {
  if (activity.value === "run") event.preventDefault();
}
