/** The bar above every room: the house's sign, the rooms, the theme. */
import { useEffect, useRef } from "preact/hooks";
import { Mark } from "@/ui/parts/mark";
import { ThemeToggle } from "@/ui/parts/theme-toggle";

export interface RoomLink {
  readonly room: string;
  readonly label: string;
}

export function SiteBar({ rooms, current }: { rooms: readonly RoomLink[]; current: string }) {
  const rail = useRef<HTMLElement>(null);
  // On a phone the rooms lie in a strip wider than the screen.
  useEffect(() => {
    const strip = rail.current;
    const here = strip?.querySelector<HTMLElement>('[aria-current="page"]');
    if (strip && here) strip.scrollLeft = here.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
  }, [current]);
  return (
    <div class="site-bar">
      <Mark />
      {rooms.length > 1 && (
        <nav ref={rail} class="rooms" aria-label="Rooms">
          {rooms.map(({ room, label }) => (
            <a key={room} href={`#/${room}`} aria-current={room === current ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
      )}
      <ThemeToggle />
    </div>
  );
}
