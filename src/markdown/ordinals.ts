/**
 * Room for the numbers of ordered lists: the style sheet leaves it for two digits.
 */

const USUAL_DIGITS = 2;

/** Give each ordered list within `root` the room that its last number needs. */
export function fitOrdinals(root: ParentNode): void {
  root.querySelectorAll('ol').forEach(fitList);
}

/** Give a list the room that its last number needs. */
export function fitList(list: HTMLOListElement): void {
  const last = list.start + list.childElementCount - 1;
  const digits = String(Math.max(last, list.start)).length;
  if (digits > USUAL_DIGITS) {
    list.style.paddingInlineStart = `${digits + 2}ch`;
  }
}
