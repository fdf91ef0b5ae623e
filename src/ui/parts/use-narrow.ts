/** Whether the screen is a phone's: what is drawn, rather than set in type, must be drawn otherwise there. */
import { useEffect, useState } from "preact/hooks";

export function useNarrow(): boolean {
  const query = matchMedia("(max-width: 640px)");
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const read = () => setNarrow(query.matches);
    query.addEventListener("change", read);
    return () => query.removeEventListener("change", read);
  }, []);
  return narrow;
}
