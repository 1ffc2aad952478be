/**
 * Finds what looks like a key, a token or a password in a text, so that it can be pointed out before it is sent. Pure.
 *
 * It finds well-known forms and assignments to telling names. What it does not find may be a secret all the same.
 */

const FORMS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----/,
  // Without a digit it is a class of a style sheet, as scikit-learn's HTML has them.
  /\bsk-(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{20,}/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{30,}/,
  /\bgithub_pat_[A-Za-z0-9_]{30,}/,
  /\bglpat-[A-Za-z0-9_-]{20,}/,
  /\bhf_[A-Za-z0-9]{30,}/,
  /\b(?:gsk_|xai-|pplx-|r8_|nvapi-)(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{30,}/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  /\bAIza[0-9A-Za-z_-]{35}/,
  /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/,
  /\bnpm_[A-Za-z0-9]{36}/,
  /\bdapi[0-9a-f]{32}\b/,
  /\bdop_v1_[0-9a-f]{40,}/,
  /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/,
  /\bpypi-(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{30,}/,
  /\bey[A-Za-z0-9_-]{15,}\.ey[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{10,}/,
  // Signed addresses of Azure and of Amazon.
  /[?&](?:sig|X-Amz-Signature)=[A-Za-z0-9%+/=]{20,}/
];
/** What a secret is assigned to. */
const NAME =
  '(?:api[_-]?key|account[_-]?key|subscription[_-]?key|(?:shared)?access[_-]?key|private[_-]?key|secret|token' +
  '|passwo?r?d|passwd|passphrase|credential|密码|口令|密钥)';
/**
 * `API_KEY = "..."`, `"password": "..."`, `os.environ["API_KEY"] = "..."`, `key: str = "..."`: a value without spaces
 * that is no name. Of a variable of such a name, its description.
 */
const ASSIGNED = new RegExp(
  `${NAME}(?:[_-]\\w{0,20})?["']?\\]?\\s*(?::\\s*[A-Za-z]{1,20}\\s*)?[=:：]\\s*` +
    '(?:(?:str|bytes) with \\d+ \\w+: )?[bruf]{0,2}["\']([^\\s"\']{8,})["\']',
  'i'
);
/** `API_KEY=...` of a shell, an environment file or a configuration: a value with a digit and without quotes. */
const UNQUOTED = new RegExp(
  `^\\s*(?:(?:export|set|setx|%env|%set_env|-)\\s+)?["']?[\\w.-]*${NAME}(?:[_-][\\w.-]*)?["']?\\s*[=:：]\\s*` +
    '((?=\\S*\\d)(?=\\S*[A-Za-z])[A-Za-z0-9._~+/=!@#%^&*-]{8,})\\s*(?:[#;].*)?$',
  'i'
);
const OTHERS: readonly RegExp[] = [
  /\bBearer\s+([A-Za-z0-9._~+/-]{16,})/i,
  /\bAuthorization["']?\s*[:=]\s*["']?Basic\s+([A-Za-z0-9+/]{8,}=*)/i,
  // Connection strings: `Server=...;Pwd=...`, `AccountKey=...;EndpointSuffix=...`.
  /=[^;=]{1,200};\s*(?:account[_-]?key|sharedaccesskey|password|pwd)=([^;"'\s()]{6,})/i,
  /\b(?:account[_-]?key|sharedaccesskey|password|pwd)=([^;"'\s()]{6,});\s*\w[\w ]{0,30}=/i,
  // `postgres://user:password@host`.
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}:([^\s:/@]{3,})@/i
];
/** Characters of a long line that are looked at together. */
const WINDOW = 10_000;
/** What documentation writes in the place of a secret, and code that puts one in. */
const EXAMPLE =
  /^(?:<.*>|\$?\{.*|[$%]\S*|x+|\*+|\.+|your[-_ ].*|.*example.*|changeme.*|none|null|pass(?:word|wd)?|secret|token)$/i;

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
  return (
    FORMS.some(form => form.test(line)) ||
    [ASSIGNED, UNQUOTED, ...OTHERS].some(form => {
      const value = form.exec(line)?.[1];
      return value !== undefined && !EXAMPLE.test(value);
    })
  );
}
