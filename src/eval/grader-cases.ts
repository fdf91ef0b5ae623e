/**
 * Texts and checks on which Python and TypeScript could part: made from lists of what is awkward, in an order that a seed
 * decides. e2e/fixtures/graders/cases.json holds them with our verdicts; src/eval/shared-graders.test.ts keeps it so.
 */
import type { Check } from "@/eval/graders";
import { createRandom } from "@/util/random";

export interface GraderCase {
  readonly output: string;
  readonly check: Check;
}

const SPACES = ["\u00a0", "\ufeff", "\u2003", "\u3000", "\u2028", "\u0085", "\u200b", "\u001c", "\n", "\t"];
const WORDS = [
  ...["blue", "Straße", "ΣΊΣΥΦΟΣ", "İstanbul", "ﬁn", "e\u0301", "é", "日本", "😀", "👩‍👩‍👧", "𐐀", "\ud83d", "\udc00x"],
  ...["a\u0000b", "K", "ſ", "ı", "", "0", "None", "null", "\u202eabc", "x\r\ny"],
];
const NUMBERS = [
  ...[
    "7",
    "-7",
    "+7",
    "7.",
    ".5",
    "-.5",
    "1,200",
    "1,2000",
    "12,34,567",
    "1e3",
    "1E-2",
    "1e400",
    "-1e400",
    "3-7",
    "(-7)",
  ],
  ...[
    "7%",
    "$1,200.50",
    "٣",
    "７",
    "0x10",
    "1_000",
    "٣ and 4",
    "1.2.3",
    "v2",
    "2nd",
    "Infinity",
    "NaN",
    "-0",
    "1 000",
    "a-5",
  ],
];
const EXPECTED_NUMBERS = [7, -7, 0.5, 1200, 1200.5, 1000, 0.01, 0, 3, 2, 4, 1e308, -5, 16, 0.3];
const JSONS = [
  ...[
    '{"a":1}',
    '{"a":1.0}',
    '{"a": 1e0, "b": [true, null, "x"]}',
    '{"b":[true,null,"x"],"a":1}',
    '{"a":-0}',
    '{"a":0}',
  ],
  ...[
    '{"a":1e999}',
    '{"a":null}',
    '{"a":"\\u00e9"}',
    '{"a":"é"}',
    '{"a":"e\u0301"}',
    '{"\\ud83d\\ude00":1}',
    '{"😀":1}',
  ],
  ...['{"a":"\\ud83d"}', '{"a":1,"a":2}', '{"a":2}', '{"__proto__":1}', '{"constructor":{}}', "{}", "[1]", '{"a":NaN}'],
  ...['{"a":01}', "{'a':1}", '{"a":1,}', '{"a":[1', '{"a":"\t"}', '{"a":"\\x41"}', '{"a":12345678901234567890}'],
  ...[
    '{"a":12345678901234567000}',
    '{"a":{"b":{"c":[{}]}}}',
    '{"a":{"b":{"c":[[]]}}}',
    'So: {"a":1} it is',
    '{"a":1} {"b":2}',
  ],
  ...[
    `{"a":${"[".repeat(300)}${"]".repeat(300)}}`,
    `{"a":${"[".repeat(3000)}${"]".repeat(3000)}}`,
    `{"a":${"[".repeat(399)}${"]".repeat(399)}}`,
    `{"a":${"[".repeat(400)}${"]".repeat(400)}}`,
    '{"a":0.1}',
    '{"a":0.10}',
    '{"a":1e-7}',
  ],
  ...[
    '{"10":1,"9":2}',
    '{"9":2,"10":1}',
    '{"a":true}',
    '{"a":"true"}',
    "}{",
    '{"":0}',
    '\ufeff{"a":1}',
    '{"a":\u00a01}',
  ],
];
const PATTERNS: readonly (readonly [pattern: string, flags: string])[] = [
  ...([
    ["^\\d+$", ""],
    ["\\w+\\b", ""],
    ["^\\S+\\s\\S+$", ""],
    ["^.$", ""],
    ["^..$", ""],
    ["^.*$", ""],
    ["^.*$", "s"],
    ["^b", "m"],
    ["7$", ""],
    ["7$", "m"],
    ["(?<y>\\d{4})-(?<m>\\d\\d)", ""],
    ["(a)\\1", ""],
    ["(?:(a)|b)\\1c", ""],
    ["(?<q>['\"]).*?\\k<q>", ""],
    ["[^]", ""],
    ["[]", ""],
    ["a{,2}", ""],
    ["a{1,2}b", ""],
    ["{a}", ""],
    ["]", ""],
    ["[\\w-]+@[\\d.-]+", ""],
    ["[a-c-e]+$", ""],
    ["[^\\s\\d]", ""],
    ["[\\D]", ""],
    ["[\\S ]{3}", ""],
    ["\\u00e9", ""],
    ["\\xe9", "i"],
    ["É", "i"],
    ["k", "i"],
    ["s", "i"],
    ["STRASSE", "i"],
    ["(?i)x", ""],
    ["a++", ""],
    ["(", ""],
    ["[z-a]", ""],
    ["\\p{L}", ""],
    ["(?=.*\\d)(?=.*[a-z]).+", ""],
    ["(?<!\\d)7", ""],
    ["(?<=[-+])7", ""],
    ["\\bone\\b|\\Btwo", ""],
    ["\\/\\/", ""],
    ["\\cJ", ""],
    ["\\0", ""],
    ["\ud83d", ""],
    ["\\ud83d\\ude00", ""],
    ["^(?:yes|no)[.!]?$", "i"],
    ["", ""],
    ["x", "q"],
    ["\\.", "g"],
  ] as const),
];
const TEXTS = [
  ...[
    "7",
    "b7\n",
    "a\n7\nb",
    "\nb",
    "2026-11",
    "2026-11-21",
    "aa",
    "bc",
    "aac",
    "'x'",
    "\"y'",
    "aab",
    "a{,2}",
    "{a}",
    "[]",
    "a@1.-2",
  ],
  ...[
    "d",
    "abc-e",
    "é",
    "É",
    "K",
    "k",
    "ſ",
    "s",
    "strasse",
    "x",
    "X",
    "b++",
    "pL",
    "p{L}",
    "a1",
    "17",
    "-7",
    "one",
    "two",
    "twotwo",
    "://",
  ],
  ...[
    "\n",
    "\u0000",
    "😀",
    "\ud83d",
    "YES!",
    "no.",
    "\u2028",
    "a\u2028b",
    "a\u00a0b",
    "a\u0085b",
    "\ufeff",
    "٣",
    "日本 語",
  ],
];

export function graderCases(seed = 7): GraderCase[] {
  const random = createRandom(seed);
  const one = <T>(items: readonly T[]): T => items[random.below(items.length)] as T;
  const framed = (text: string) =>
    one([text, `${one(SPACES)}${text}${one(SPACES)}`, `so ${text}.`, text.toUpperCase()]);
  const cases: GraderCase[] = [];
  const add = (output: string, check: Check) => cases.push({ output, check });
  for (const word of WORDS) {
    add(framed(word), { kind: "exact", expected: framed(word) });
    add(word, { kind: "exact", expected: `${one(SPACES)}${word}` });
    add(`${one(WORDS)} ${framed(word)}`, { kind: "contains", expected: word, ignoreCase: false });
    add(framed(word), { kind: "contains", expected: word.toLowerCase(), ignoreCase: true });
    add(word, { kind: "contains", expected: one(WORDS), ignoreCase: true });
  }
  for (const number of NUMBERS) {
    for (const output of [number, `It is ${number}.`, `${one(NUMBERS)} then ${number}\n`]) {
      add(output, { kind: "numeric", expected: one(EXPECTED_NUMBERS), tolerance: one([1e-6, 0, 0.01]) });
      const said = Number(number.replaceAll(",", "").replace(/[^-+.\deE]/g, ""));
      if (Number.isFinite(said)) add(output, { kind: "numeric", expected: said, tolerance: 1e-6 });
    }
  }
  for (const [i, json] of JSONS.entries()) {
    add(json, { kind: "json", expected: json });
    add(json, { kind: "json", expected: JSONS[i ^ 1] ?? "{}" });
    add(json, { kind: "json", expected: one(JSONS) });
  }
  for (const [pattern, flags] of PATTERNS) {
    for (let i = 0; i < 5; i++) add(one(TEXTS), { kind: "regex", pattern, flags });
  }
  for (const text of TEXTS) add(text, { kind: "regex", ...named(one(PATTERNS)) });
  return cases;
}

const named = ([pattern, flags]: readonly [string, string]) => ({ pattern, flags });
