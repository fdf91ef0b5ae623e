/** Languages of training and held-out rows, by script and, for Latin letters, by function words: they should agree. */
import { type Gate, type GateRow, indicesOf, percent } from "./gate";

const SCRIPTS: readonly (readonly [name: string, from: number, to: number])[] = [
  ["Cyrillic", 0x400, 0x52f],
  ["Greek", 0x370, 0x3ff],
  ["Hebrew", 0x590, 0x5ff],
  ["Arabic", 0x600, 0x77f],
  ["Devanagari", 0x900, 0x97f],
  ["Thai", 0xe00, 0xe7f],
  ["Hangul", 0xac00, 0xd7af],
  ["Japanese", 0x3040, 0x30ff],
  ["Chinese", 0x4e00, 0x9fff],
];
/** Words that are frequent in one language and rare in the others. */
const WORDS: Readonly<Record<string, string>> = {
  English: "the and is of to that it was for are with you this have not",
  German: "der die das und ist nicht ein eine ich mit für auf den von zu",
  French: "le les et est des une dans pour pas que vous qui sur du je",
  Spanish: "el los las y es una por con para que del como más está su",
  Italian: "il gli che di è non una per con della sono più nel questo anche",
  Portuguese: "o os não uma para com que do da em é mais você são ao",
  Dutch: "het een van ik niet dat zijn voor met op te maar ook naar wordt",
};
const LANGUAGE_OF = new Map<string, string[]>();
for (const [language, words] of Object.entries(WORDS)) {
  for (const word of words.split(" ")) LANGUAGE_OF.set(word, [...(LANGUAGE_OF.get(word) ?? []), language]);
}

const READ = 400;
const FEWEST = 20;
/** Total variation distance, half the sum of the differences of the shares. */
const DRIFT = 0.25;

export const languageDrift: Gate = {
  name: "language-drift",
  title: "Another language than measured",
  why: "If training and held-out rows are of different languages, the score says little about what was learned. Take both from the same mix.",
  check(rows) {
    const known = rows.map((row) => languageOf(row));
    const share = (held: boolean) => sharesOf(known.filter((name, i) => name !== "" && rows[i]?.held === held));
    const [train, measured] = [share(false), share(true)];
    if (train.count < FEWEST || measured.count < FEWEST) return [];
    const names = new Set([...train.shares.keys(), ...measured.shares.keys()]);
    const gap = (name: string) => (measured.shares.get(name) ?? 0) - (train.shares.get(name) ?? 0);
    const distance = [...names].reduce((sum, name) => sum + Math.abs(gap(name)), 0) / 2;
    if (distance < DRIFT) return [];
    const most = [...names].reduce((best, name) => (Math.abs(gap(name)) > Math.abs(gap(best)) ? name : best));
    const message = `${most} makes ${percent(train.shares.get(most) ?? 0)} of the training rows and ${percent(measured.shares.get(most) ?? 0)} of the held-out rows.`;
    const odd = indicesOf(rows, (row) => !row.held === gap(most) < 0);
    return [{ severity: "amber", rows: odd.filter((i) => known[i] === most), message }];
  },
};

/** "" where too little text says. */
export function languageOf({ prompt, answer }: Pick<GateRow, "prompt" | "answer">): string {
  const text = `${prompt.slice(-READ)} ${answer.slice(0, READ)}`;
  const counts = new Map<string, number>();
  let latin = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x370) {
      if ((code | 32) >= 97 && (code | 32) <= 122) latin++;
      continue;
    }
    const script = SCRIPTS.find(([, from, to]) => code >= from && code <= to)?.[0];
    if (script) counts.set(script, (counts.get(script) ?? 0) + 1);
  }
  // An ideograph carries more than a letter.
  const [script, count] = top(counts);
  if (script !== "" && 2 * count > latin) return counts.has("Japanese") && script === "Chinese" ? "Japanese" : script;
  return latinLanguage(text);
}

function latinLanguage(text: string): string {
  const hits = new Map<string, number>();
  for (const word of text.toLowerCase().split(/[^\p{L}]+/u)) {
    for (const language of LANGUAGE_OF.get(word) ?? []) hits.set(language, (hits.get(language) ?? 0) + 1);
  }
  const [language, count] = top(hits);
  return count >= 2 ? language : "";
}

function top(counts: ReadonlyMap<string, number>): [string, number] {
  return [...counts].reduce<[string, number]>((best, entry) => (entry[1] > best[1] ? entry : best), ["", 0]);
}

function sharesOf(names: readonly string[]) {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const shares = new Map([...counts].map(([name, count]) => [name, count / names.length]));
  return { shares, count: names.length };
}
