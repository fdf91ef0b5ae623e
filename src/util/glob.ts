/** Patterns over names: `*` stands for any run of characters, `?` for one. Linear in time, whoever wrote the pattern. */

/** Whether the pattern fits the whole name. Greedy, and back to the last star where it went wrong. */
export function fitsGlob(pattern: string, name: string): boolean {
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let n = 0; n < name.length; ) {
    if (p < pattern.length && (pattern[p] === "?" || (pattern[p] === name[n] && pattern[p] !== "*"))) {
      p++;
      n++;
    } else if (pattern[p] === "*") {
      star = p++;
      resume = n;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** The `count` names that share most with a text, most first: by pairs of neighbouring characters (Dice's coefficient). */
export function nearestNames(text: string, names: readonly string[], count: number): string[] {
  const wanted = pairs(text);
  const likeness = (name: string) => {
    const own = pairs(name);
    const shared = [...wanted].filter((pair) => own.has(pair)).length;
    return (2 * shared) / Math.max(1, wanted.size + own.size);
  };
  return [...names].sort((a, b) => likeness(b) - likeness(a)).slice(0, count);
}

function pairs(text: string): Set<string> {
  return new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2)));
}
