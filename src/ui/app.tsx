/** The frame around the one page: what belongs to the document rather than to a card (title, theme, live region). */
import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Home } from "@/ui/pages/home";
import { followDemo } from "@/ui/parts/follow";
import { activity } from "@/ui/state/core";
import { runLog, spoken } from "@/ui/state/run";
import { titleOf } from "@/ui/state/run-log";
import { chosenTheme, systemTheme } from "@/ui/state/theme";

export function App() {
  useEffect(() => {
    const ends = [effect(showTitle), effect(applyTheme), watchSystemTheme(), followDemo()];
    window.addEventListener("beforeunload", guardRun);
    return () => {
      for (const end of ends) end();
      window.removeEventListener("beforeunload", guardRun);
    };
  }, []);
  return (
    <>
      <a class="skip" href="#steps">
        Skip to the steps
      </a>
      <Home />
      <p class="unseen" aria-live="polite" data-testid="announcer">
        {spoken}
      </p>
    </>
  );
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
