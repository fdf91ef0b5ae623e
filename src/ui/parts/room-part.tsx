/** One part of a room: a card with a heading and no number. */
import type { ComponentChildren } from "preact";

export function RoomPart({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="card room-part">
      <h2>{title}</h2>
      {children}
    </section>
  );
}
