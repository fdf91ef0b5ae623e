/** The bar above every room: the house's sign, the rooms, the theme. */
import { Mark } from "@/ui/parts/mark";
import { ThemeToggle } from "@/ui/parts/theme-toggle";

export interface RoomLink {
  readonly room: string;
  readonly label: string;
}

export function SiteBar({ rooms, current }: { rooms: readonly RoomLink[]; current: string }) {
  return (
    <div class="site-bar">
      <Mark />
      {rooms.length > 1 && (
        <nav class="rooms" aria-label="Rooms">
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
