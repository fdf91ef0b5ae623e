/** Keys and numbers that look real and belong to nobody: random, with the right shape and checksum. */
import type { Random } from "@/util/random";
import { pick } from "./sentences";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const characters = (random: Random, count: number, alphabet = ALPHABET) =>
  Array.from({ length: count }, () => pick([...alphabet], random)).join("");
const digits = (random: Random, count: number) => characters(random, count, "0123456789");

export function token(random: Random): string {
  const kinds = [
    () => `AKIA${characters(random, 16, ALPHABET.slice(0, 26))}`,
    () => `ghp_${characters(random, 36)}`,
    () => `hf_${characters(random, 34)}`,
    () => `-----BEGIN RSA PRIVATE KEY----- ${characters(random, 40)} -----END RSA PRIVATE KEY-----`,
  ];
  return pick(kinds, random)();
}

/** 16 digits whose last makes Luhn's sum a multiple of 10. */
export function cardNumber(random: Random): string {
  const body = `4${digits(random, 14)}`;
  const sum = [...body].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`.replace(/(\d{4})(?=\d)/g, "$1 ");
}

/** A German one: DE, two check digits (98 minus the rest modulo 97), 18 digits. */
export function iban(random: Random): string {
  const account = digits(random, 18);
  // "DE00" counts as 131400 at the end.
  const rest = [...`${account}131400`].reduce((total, digit) => (10 * total + Number(digit)) % 97, 0);
  return `DE${String(98 - rest).padStart(2, "0")}${account}`;
}
