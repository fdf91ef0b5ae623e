/**
 * Sentences and commands by which a skill would turn an agent against its user. Patterns only: they find what is written
 * plainly, also behind zero-width characters and look-alike letters, and miss what is clever. They say "look here".
 */
import { type Finding, lineCounter, visible } from "./finding";
import { plainly } from "./hidden";

interface Pattern {
  readonly rule: string;
  readonly severity: "error" | "warning";
  readonly pattern: RegExp;
  readonly message: string;
}

// Every repeat is bounded, so that no text makes a pattern slow.
const PATTERNS: readonly Pattern[] = [
  {
    ...{ rule: "override", severity: "error" },
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass)\s{1,4}(?:(?:all|any|every|the|your|my|of|these|those)\s{1,4}){0,4}(?:previous|prior|above|earlier|preceding|other|system|existing|original)\s{1,4}(?:[\w-]{1,20}\s{1,4}){0,2}(?:instructions?|prompts?|rules?|messages?|guidelines?|directions?|context|constraints?)\b/giu,
    message: "It tells the model to pass over its other instructions.",
  },
  {
    ...{ rule: "secrecy", severity: "error" },
    pattern:
      /\b(?:do\s{1,4}not|don['’]t|never|without)\s{1,4}(?:ever\s{1,4})?(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|reveal(?:ing)?|notify(?:ing)?|warn(?:ing)?|alert(?:ing)?|show(?:ing)?)\s{1,4}(?:(?:this|it|that|anything|any\s{1,4}of\s{1,4}this)\s{1,4})?(?:to\s{1,4})?(?:the\s{1,4}|your\s{1,4})?(?:user|human|operator|developer|owner)s?\b/giu,
    message: "It tells the model to keep something from its user.",
  },
  {
    ...{ rule: "no-consent", severity: "warning" },
    pattern:
      /\b(?:without\s{1,4}(?:asking|confirmation|confirming|permission|approval|the\s{1,4}user['’]?s?\s{1,4}(?:consent|permission|approval))|(?:skip|bypass|disable)\s{1,4}(?:all\s{1,4}|any\s{1,4}|the\s{1,4})?(?:confirmations?|permission|approval|safety)\b|--dangerously-skip-permissions)/giu,
    message: "It has something done without asking.",
  },
  {
    ...{ rule: "role-tag", severity: "error" },
    pattern:
      /<\|[a-z_]{2,40}\|>|<\/?(?:system|assistant|developer)(?:_(?:prompt|message))?>|<<\/?SYS>>|\[\/?INST\]|<(?:start|end)_of_turn>|<｜[^｜\n]{1,40}｜>|^[ \t>#*]{0,6}(?:system|developer)\s{0,3}(?:prompt|message)?\s{0,3}:\s{0,3}(?:you\b|new\b|ignore\b)/gimu,
    message: "It writes marks by which a chat template tells speakers apart, as if it were the system.",
  },
  {
    ...{ rule: "new-identity", severity: "warning" },
    pattern:
      /\b(?:you\s{1,4}are\s{1,4}now\s{1,4}(?:an?\s{1,4}|in\s{1,4})?(?:unrestricted|jailbroken|developer|admin|root|DAN|free)\b|developer\s{1,4}mode\s{1,4}(?:enabled|on)\b|new\s{1,4}(?:system\s{1,4})?instructions?\s{0,3}:)/giu,
    message: "It gives the model another role, or says that its instructions are replaced.",
  },
  {
    ...{ rule: "leak-prompt", severity: "warning" },
    pattern:
      /\b(?:reveal|print|output|repeat|leak|send|show|exfiltrate)\s{1,4}(?:me\s{1,4}|us\s{1,4})?(?:the\s{1,4}|your\s{1,4}|its\s{1,4})?(?:full\s{1,4}|entire\s{1,4}|whole\s{1,4})?(?:system\s{1,4}prompt|hidden\s{1,4}instructions|conversation\s{1,4}history)\b/giu,
    message: "It asks for the system prompt or the conversation.",
  },
  {
    ...{ rule: "pipe-to-shell", severity: "error" },
    pattern:
      /\b(?:curl|wget|iwr|invoke-webrequest)\b[^\n|]{0,300}\|\s{0,4}(?:sudo\s{1,4})?(?:env\s{1,4})?(?:ba|z|da|k)?(?:sh|python3?|node|perl|ruby|iex)\b|\b(?:ba)?sh\s{1,4}(?:-c\s{1,4})?["']?(?:<\(|\$\()\s{0,4}(?:curl|wget)\b|\bbase64\s{1,4}(?:-d|-D|--decode)[^\n|]{0,100}\|\s{0,4}(?:ba|z)?sh\b/giu,
    message: "It runs what it downloads or decodes, unseen.",
  },
  {
    ...{ rule: "secrets-out", severity: "error" },
    pattern:
      /\b(?:curl|wget|fetch|requests\.(?:post|get)|nc|ncat|scp|rsync)\b[^\n]{0,300}(?:\$\{?[A-Z_]{0,40}(?:TOKEN|SECRET|PASSWORD|API_?KEY|CREDENTIAL)[A-Z_]{0,20}|\.ssh\/|\.aws\/|\.env\b|\.netrc|id_rsa|\/etc\/passwd)/gu,
    message: "It sends keys or passwords somewhere.",
  },
  {
    ...{ rule: "secrets-read", severity: "warning" },
    pattern:
      /(?:~|\$HOME|\/root|\/home\/[\w-]{1,40})\/\.(?:ssh|aws|gnupg|netrc|npmrc|pypirc|kube|docker|cache\/huggingface\/token)\b|\bid_(?:rsa|ed25519)\b|\/etc\/(?:passwd|shadow)\b/giu,
    message: "It looks where keys and passwords are kept.",
  },
  {
    ...{ rule: "persistence", severity: "warning" },
    pattern:
      /\b(?:add|append|write|insert|save|copy)\b[^\n]{0,120}(?:\bCLAUDE\.md|\bAGENTS\.md|\.bashrc|\.zshrc|\.profile|\bcrontab|authorized_keys|\.cursorrules|copilot-instructions)|>>?\s{0,3}(?:~|\$HOME)\/\.(?:bashrc|zshrc|profile)/giu,
    message: "It writes where other sessions begin, and so stays after it is removed.",
  },
  {
    ...{ rule: "destructive", severity: "warning" },
    pattern:
      /\brm\s{1,4}-(?:rf|fr|r\s{1,4}-f)\s{1,4}(?:\/|~|\$HOME|\*)|\bmkfs\b|\bdd\s{1,4}if=[^\n]{0,80}of=\/dev\/|\bchmod\s{1,4}-R\s{1,4}777\b|:\(\)\s{0,2}\{\s{0,2}:\|:&\s{0,2}\};:|\bgit\s{1,4}push\s{1,4}(?:-f|--force)\b/giu,
    message: "It has a command that destroys what cannot be had back.",
  },
  {
    ...{ rule: "encoded", severity: "warning" },
    pattern: /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{160,}={0,2}|(?:\\x[0-9a-f]{2}){40,}/giu,
    message: "It carries a long piece of encoded data, which a reader cannot judge.",
  },
  {
    ...{ rule: "hidden-text", severity: "warning" },
    pattern:
      /<!--[\s\S]{1,4000}?-->|^\[[^\]\n]{0,40}\]:\s{1,4}#\s{0,4}["'(][^\n]{1,400}|<[a-z]{1,12}\b[^>\n]{0,200}(?:display\s{0,2}:\s{0,2}none|visibility\s{0,2}:\s{0,2}hidden|font-size\s{0,2}:\s{0,2}0|opacity\s{0,2}:\s{0,2}0\b|\bhidden\b)[^>\n]{0,200}>/gimu,
    message: "This is not seen when the page is rendered; a model reads it.",
  },
];

const MOST_EACH = 10;

export function checkInjection(source: string, file: string): Finding[] {
  const text = plainly(source);
  return PATTERNS.flatMap(({ rule, severity, pattern, message }) => {
    const line = lineCounter(text);
    return [...text.matchAll(pattern)].slice(0, MOST_EACH).map(
      ({ 0: match, index }): Finding => ({
        ...{ kind: "injection", severity, rule, message, file },
        ...{ line: line(index), text: visible(match.trim()) },
      }),
    );
  });
}
