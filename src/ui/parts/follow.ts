/**
 * While the demo walks through the stages the page walks with it, until the person scrolls or presses a key; then it
 * is theirs. With reduced motion it never moves by itself.
 */
import { effect } from "@preact/signals";
import { activity } from "@/ui/state/core";
import { demo } from "@/ui/state/journey";

export function followDemo(): () => void {
  let following = false;
  const letGo = () => {
    following = false;
  };
  for (const kind of ["wheel", "touchmove", "keydown"]) window.addEventListener(kind, letGo, { passive: true });
  const ends = [
    effect(() => {
      following = demo.value !== null && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    }),
    effect(() => {
      const place = activity.value;
      if (place === null || demo.value === null) return;
      setTimeout(() => {
        if (following) document.getElementById(place)?.scrollIntoView({ behavior: "smooth", block: "start" });
      }, 80);
    }),
  ];
  return () => {
    for (const end of ends) end();
    for (const kind of ["wheel", "touchmove", "keydown"]) window.removeEventListener(kind, letGo);
  };
}
