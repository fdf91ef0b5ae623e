/** The rooms of the page, in the order of its navigation. The first is the one that opens. */
import type { ComponentType } from "preact";
import { Bench } from "@/ui/pages/bench";
import { Evaluate } from "@/ui/pages/evaluate";
import { Home } from "@/ui/pages/home";
import { Jobs } from "@/ui/pages/jobs";
import { Practice } from "@/ui/pages/practice";
import { Runs } from "@/ui/pages/runs";
import { Sweep } from "@/ui/pages/sweep";

export interface Page {
  /** The fragment's word: "#/bench"; "" for the first. */
  readonly room: string;
  readonly label: string;
  readonly View: ComponentType;
}

export const PAGES: readonly Page[] = [
  { room: "", label: "Train", View: Home },
  { room: "practice", label: "Practice", View: Practice },
  { room: "runs", label: "Runs", View: Runs },
  { room: "sweep", label: "Sweep", View: Sweep },
  { room: "evaluate", label: "Evaluate", View: Evaluate },
  { room: "jobs", label: "Jobs", View: Jobs },
  { room: "bench", label: "Bench", View: Bench },
];

export function pageOf(room: string): Page {
  return PAGES.find((page) => page.room === room) ?? (PAGES[0] as Page);
}
