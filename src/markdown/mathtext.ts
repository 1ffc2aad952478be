/**
 * What stands between the marks of a formula and is none: prices, variables of programs, sentences.
 */

/** What is text within a formula. */
export const TEXT_IN_TEX = /\\\$|\\(?:text|mbox)\w*\{[^{}]*\}/g;
/** A sign that no sentence holds. */
export const TEX_SIGN = /[\\^_={}]/;
/** How a variable begins: with two letters, since `x_i` is a formula. */
const VARIABLE = /^[({]?(?:[A-Za-z]{2}|_)/;
/** A subscript alone, as in H$_2$O. */
const SUBSCRIPT = /^_(?:\w|\{[^{}]*\}|\\[A-Za-z]+)$/;

/** Whether what stands between two dollar signs is prose, a price or a variable. */
export function isText(body: string, next: string): boolean {
  // What stands behind the second sign is the name of another variable.
  if (/[=:/,;([{'"|&+*<>~\-\u2013\u2014]$/.test(body) && /[A-Za-z_({@?]/.test(next)) {
    return true;
  }
  if (/^[({][^\\^]*[)}]$/.test(body) && /[({]/.test(next)) {
    return true;
  }
  if (SUBSCRIPT.test(body)) {
    return false;
  }
  if (/^_[.,;)\s]/.test(body) || (next !== '' && /[_^]$/.test(body))) {
    return true;
  }
  if (/^[({\w]/.test(next) && VARIABLE.test(body) && !/[\\^=]/.test(body)) {
    return true;
  }
  // A variable with its type or its brackets, a call without arguments, a string.
  const bare = body.replace(TEXT_IN_TEX, '');
  if (
    /^(?:[({](?:[A-Za-z]{2,}|_)\w*[)}:]|(?:[A-Za-z]{2,}|_)\w*:)/.test(body) &&
    !/[\\^=]/.test(body)
  ) {
    return true;
  }
  if (/[A-Za-z]\(\)|"/.test(bare)) {
    return true;
  }
  // A range of prices: TeX has no dashes.
  if (/^\d[\d.,]*[KMBkmb]?\s*[\u2013\u2014\uff5e\u301c]/.test(body)) {
    return true;
  }
  if (TEX_SIGN.test(body)) {
    return (
      /^\d[\d.,]*[KMBkmb]?(?:[\s/);:][^\\^_]*[A-Za-z]{3,}|\*\*[\s,.;:)])/.test(body) ||
      isProse(body)
    );
  }
  return (
    /[A-Za-z]{2,}\s+[A-Za-z]{2,}|[\u3001\u3002\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff0c]/.test(
      body
    ) || /^-?\d[\d.,]*[KMBkmb]?(?:[\s/-]+[A-Za-z]{2,}|[,;)](?!\d)|\*\*)/.test(body)
  );
}

/** Whether words stand in a formula as they do in a sentence. */
export function isProse(tex: string): boolean {
  const bare = tex.replace(TEXT_IN_TEX, '').replace(/\\[A-Za-z]+(?:\{[A-Za-z*]+\})?/g, '');
  return /[A-Za-z]{3,}[,;]?\s+[A-Za-z]{3,}/.test(bare);
}
