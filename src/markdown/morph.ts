/**
 * Makes children of an element like others, and changes as little as it can.
 *
 * Nodes that stay the same keep their place, so that what a reader has selected stays selected while the text
 * behind it grows.
 */

/** Says whether a node that is there may stay as it is in place of a new one. */
export type KeepsNode = (present: Node, wanted: Node) => boolean;

/**
 * Make the children of `parent` like those of `wanted`, whose nodes may be taken over.
 *
 * @param keeps called for elements; where it is true nothing within is looked at.
 * @param from number of the first child that is concerned.
 * @param end the child before which they end; null for all.
 */
export function morphChildren(
  parent: Node,
  wanted: Node,
  keeps: KeepsNode = () => false,
  from = 0,
  end: ChildNode | null = null
): void {
  let present: ChildNode | null = parent.childNodes[from] ?? null;
  for (const next of [...wanted.childNodes]) {
    if (present === end) {
      parent.insertBefore(next, end);
    } else if (present !== null) {
      const following: ChildNode | null = present.nextSibling;
      if (!morphNode(present, next, keeps)) {
        present.replaceWith(next);
      }
      present = following;
    }
  }
  while (present !== null && present !== end) {
    const following: ChildNode | null = present.nextSibling;
    present.remove();
    present = following;
  }
}

/** Make one node like another; false if they are of different kinds. */
function morphNode(present: ChildNode, wanted: ChildNode, keeps: KeepsNode): boolean {
  if (present instanceof Text && wanted instanceof Text) {
    replaceText(present, wanted.data);
    return true;
  }
  if (!(present instanceof Element && wanted instanceof Element)) {
    return false;
  }
  if (keeps(present, wanted)) {
    return true;
  }
  if (present.localName !== wanted.localName) {
    return false;
  }
  morphAttributes(present, wanted);
  morphChildren(present, wanted, keeps);
  return true;
}

/** Replace what differs: a selection in front of it stays. */
function replaceText(text: Text, data: string): void {
  const old = text.data;
  if (old === data) {
    return;
  }
  let same = 0;
  while (same < old.length && same < data.length && old[same] === data[same]) {
    same += 1;
  }
  if (same === old.length) {
    text.appendData(data.slice(same));
  } else {
    text.replaceData(same, old.length - same, data.slice(same));
  }
}

function morphAttributes(present: Element, wanted: Element): void {
  for (const { name } of [...present.attributes]) {
    if (!wanted.hasAttribute(name)) {
      present.removeAttribute(name);
    }
  }
  for (const { name, value } of wanted.attributes) {
    if (present.getAttribute(name) !== value) {
      present.setAttribute(name, value);
    }
  }
}
