/** Switches to the theme that is not on now. */
import { chooseTheme, theme } from "@/ui/state/theme";

export function ThemeToggle() {
  const next = theme.value === "dark" ? "light" : "dark";
  return (
    <button type="button" class="quiet small" data-testid="theme" onClick={() => chooseTheme(next, localStorage)}>
      <svg aria-hidden="true" width="16" height="16" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" />
        <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" />
      </svg>
      {next === "dark" ? "Dark" : "Light"}
      <span class="unseen"> theme</span>
    </button>
  );
}
