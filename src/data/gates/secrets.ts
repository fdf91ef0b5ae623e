/**
 * Keys and personal data, by shape and, where the format has one, by its checksum. A model can repeat what it was trained
 * on, so keys stop a run; addresses and telephone numbers warn.
 */
import { type Gate, type GateRow, rowsDo } from "./gate";

interface Shape {
  readonly name: string;
  readonly pattern: RegExp;
  readonly holds?: (match: string) => boolean;
}

const KEYS: readonly Shape[] = [
  { name: "AWS key", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { name: "GitHub token", pattern: /\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{50,}\b/g },
  { name: "Hugging Face token", pattern: /\bhf_[A-Za-z0-9]{30,}\b/g },
  {
    name: "API key",
    pattern: /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}\b|\bxox[abprs]-[A-Za-z0-9-]{20,}\b|\bAIza[\w-]{35}\b/g,
  },
  {
    name: "private key",
    pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:[\s\S]*?-----END (?:[A-Z]+ )*PRIVATE KEY-----)?/g,
  },
  { name: "card number", pattern: /(?<![\w.])[3-6](?:[ -]?\d){12,18}(?![\w.]?\d)/g, holds: isCard },
  { name: "IBAN", pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g, holds: isIban },
];
/** Reserved names and numbers (RFC 2606, 555-01xx) belong to nobody. */
const PERSONAL: readonly Shape[] = [
  {
    name: "e-mail address",
    pattern: /[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24}\b/g,
    holds: (match) => !/@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|\w+\.(?:example|test|invalid))$/i.test(match),
  },
  {
    name: "telephone number",
    pattern:
      /(?<![\w+.])(?:\+[1-9]\d{0,2}(?:[ .-]?\(?\d{1,4}\)?){2,5}|\(\d{3}\) ?\d{3}-\d{4}|\d{3}-\d{3}-\d{4})(?![\w-])/g,
    holds: (match) => {
      const digits = match.replace(/\D/g, "");
      return digits.length >= 9 && digits.length <= 15 && !/55501\d\d$/.test(digits);
    },
  },
];
/** Cheap and necessary: most rows hold none of these, and need no further look. */
const HINT = /@|\d{3}|A[KS]IA|AIza|gh[pousr]_|github_pat_|hf_|sk-|xox|-----BEGIN/;

export const secrets: Gate = gateOf("secrets", "Keys in the data", KEYS, {
  severity: "red",
  why: "A model can repeat what it was trained on, so whoever gets the adapter may get the key. Revoke it, and let the fix put a placeholder in its place.",
});

export const personal: Gate = gateOf("personal-data", "Personal data", PERSONAL, {
  severity: "amber",
  why: "A model can repeat addresses and numbers of real people to strangers. The fix puts placeholders in their place.",
});

function gateOf(
  name: string,
  title: string,
  shapes: readonly Shape[],
  { severity, why }: { severity: "red" | "amber"; why: string },
): Gate {
  return {
    ...{ name, title, why },
    fix: (text) => maskShapes(text, shapes),
    check(rows) {
      const kinds = new Map<string, number>();
      const found: number[] = [];
      rows.forEach((row, i) => {
        const kind = kindIn(row, shapes);
        if (kind === undefined) return;
        found.push(i);
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      });
      if (found.length === 0) return [];
      const listed = [...kinds].map(([kind, count]) => `${kind} (${count})`).join(", ");
      return [
        { severity, rows: found, message: `${rowsDo(found.length, "holds", "hold")} what looks like: ${listed}.` },
      ];
    },
  };
}

function kindIn({ prompt, answer, rejected }: GateRow, shapes: readonly Shape[]): string | undefined {
  for (const text of [prompt, answer, rejected ?? ""]) {
    if (!HINT.test(text)) continue;
    const shape = shapes.find(({ pattern, holds }) =>
      [...text.matchAll(pattern)].some(([match]) => holds?.(match) ?? true),
    );
    if (shape) return shape.name;
  }
  return undefined;
}

function maskShapes(text: string, shapes: readonly Shape[]): string {
  if (!HINT.test(text)) return text;
  return shapes.reduce(
    (rest, { name, pattern, holds }) =>
      rest.replace(pattern, (match) => ((holds?.(match) ?? true) ? `[${name}]` : match)),
    text,
  );
}

/** Luhn's checksum, and not one digit repeated. */
function isCard(match: string): boolean {
  const digits = match.replace(/\D/g, "");
  if (digits.length < 13 || /^(\d)\1+$/.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** ISO 13616: the first four characters go last, letters count from 10, and the number is 1 modulo 97. */
function isIban(match: string): boolean {
  const plain = match.replaceAll(" ", "");
  if (plain.length < 15 || plain.length > 34) return false;
  let rest = 0;
  for (const character of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (value > 9 ? 100 * rest + value : 10 * rest + value) % 97;
  }
  return rest === 1;
}
