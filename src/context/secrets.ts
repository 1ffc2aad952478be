/**
 * Finds what looks like a key, a token or a password in a text, so that it can be pointed out before it is sent. Pure.
 *
 * It finds well-known forms and assignments to telling names. What it does not find may be a secret all the same.
 */

const FORMS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----/,
  /\bsk-[A-Za-z0-9_-]{20,}/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{30,}/,
  /\bgithub_pat_[A-Za-z0-9_]{30,}/,
  /\bglpat-[A-Za-z0-9_-]{20,}/,
  /\bhf_[A-Za-z0-9]{30,}/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  /\bAIza[0-9A-Za-z_-]{35}/,
  /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/,
  /\bnpm_[A-Za-z0-9]{36}/,
  /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/,
  /\bpypi-[A-Za-z0-9_-]{30,}/,
  /\bey[A-Za-z0-9_-]{15,}\.ey[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{10,}/,
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:[^\s:/@]{3,}@/i
];
/**
 * `API_KEY = "..."`, `"password": "..."`, `Authorization: Bearer ...`: a value without spaces that is no name. Of a
 * variable of such a name, its description.
 */
const ASSIGNED =
  /(?:api[_-]?key|secret|token|passwo?r?d|passwd|credential|access[_-]?key)(?:_\w{0,20})?["']?\s*(?:=|:)\s*(?:(?:str|bytes) with \d+ \w+: )?[bru]?["']([^\s"']{8,})["']|\bBearer\s+([A-Za-z0-9._~+/-]{16,})/i;
/** `API_KEY=...` of a shell, an environment file or a configuration: a value with a digit and without quotes. */
const UNQUOTED =
  /^\s*(?:export\s+|set\s+|-\s+)?["']?[\w.-]*(?:api[_-]?key|secret|token|passwo?r?d|passwd|credential|access[_-]?key)(?:[_-][\w.-]*)?["']?\s*[=:]\s*((?=\S*\d)(?=\S*[A-Za-z])[A-Za-z0-9._~+/=!@#%^&*-]{8,})\s*(?:[#;].*)?$/i;
/** Characters of a long line that are looked at together. */
const WINDOW = 10_000;
/** What documentation writes in the place of a secret. */
const EXAMPLE = /^(?:<.*>|\$\{?.*|x+|\*+|\.+|your[-_ ].*|.*example.*|changeme.*|none|null)$/i;

/** The first line, from 1, that looks like it holds a secret; null: none does. */
export function secretIn(text: string): number | null {
  const at = text.split('\n').findIndex(line => windowsOf(line).some(isSecret));
  return at >= 0 ? at + 1 : null;
}

/** A line, or its parts with half of each in the next: the time grows with the length alone. */
function windowsOf(line: string): readonly string[] {
  const windows = [];
  for (let at = 0; at === 0 || at + WINDOW / 2 < line.length; at += WINDOW / 2) {
    windows.push(line.slice(at, at + WINDOW));
  }
  return windows;
}

function isSecret(line: string): boolean {
  if (FORMS.some(form => form.test(line))) {
    return true;
  }
  const found = ASSIGNED.exec(line) ?? UNQUOTED.exec(line);
  const value = found?.[1] ?? found?.[2];
  return value !== undefined && !EXAMPLE.test(value);
}
