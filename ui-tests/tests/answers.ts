/** What a reader sees of an answer, measured in the page. */
import type { Locator } from '@playwright/test';

/** What is to be seen of an answer; the keys are described in `answers.spec.ts`. */
export interface IExpectation {
  readonly count?: Readonly<Record<string, number | string>>;
  readonly has?: readonly string[];
  readonly not?: readonly string[];
  readonly texts?: Readonly<Record<string, readonly string[]>>;
  readonly hrefs?: readonly string[];
  readonly copies?: readonly string[];
  readonly right?: readonly string[];
  readonly left?: readonly string[];
  readonly lines?: readonly (readonly string[])[];
  readonly ordinals?: boolean;
  readonly narrow?: Readonly<Record<string, number>>;
  readonly raw?: number;
  readonly steady?: number;
  readonly select?: readonly [string, string];
  readonly rate?: string;
}

/** What happened on the page while an answer streamed. */
export interface IWatched {
  /** Most characters behind a mark of Markdown that was to be seen as such. */
  readonly raw: number;
  /** Most px by which the answer became lower from one frame to the next. */
  readonly lower: number;
  /** What was selected while it streamed and is still selected; null if nothing was to be. */
  readonly selected: string | null;
  readonly example: string;
}

/** Look at the next answer in each frame; the result is to be asked for once it is finished. */
export async function watchAnswer(
  root: Locator,
  select: readonly [string, string] | undefined
): Promise<() => Promise<IWatched>> {
  const handle = await root.evaluateHandle((panel, wanted) => {
    const watched = { raw: 0, lower: 0, selected: null as string | null, example: '', on: true };
    let height = 0;
    let isSelected = false;
    const look = () => {
      const content = [
        ...panel.querySelectorAll('[data-role="assistant"] .jp-StreamChat-content')
      ].pop();
      if (content) {
        const now = content.getBoundingClientRect().height;
        if (height - now > watched.lower) {
          watched.lower = height - now;
          watched.example = content.textContent!.slice(-80);
        }
        height = now;
        watched.raw = Math.max(watched.raw, rawLength(content));
        if (wanted && !isSelected && content.textContent!.includes(wanted[0])) {
          isSelected = selectText(content, wanted[1]);
        }
      }
      if (isSelected) {
        watched.selected = document.getSelection()!.toString();
      }
      if (watched.on) {
        requestAnimationFrame(look);
      }
    };
    look();
    return watched;

    function rawLength(content: Element): number {
      const copy = content.cloneNode(true) as Element;
      copy.querySelectorAll('code, .jp-StreamChat-formula').forEach(node => node.remove());
      const text = copy.textContent!;
      const at = text.search(/\*\*|`|\]\(|^ {0,3}#{1,6} |\*\w/m);
      return at < 0 ? 0 : text.length - at;
    }

    function selectText(content: Element, text: string): boolean {
      const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
      const range = document.createRange();
      const start = content.textContent!.indexOf(text);
      let position = 0;
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const end = position + node.textContent!.length;
        if (start >= position && start < end) {
          range.setStart(node, start - position);
        }
        if (start >= 0 && start + text.length <= end) {
          range.setEnd(node, start + text.length - position);
          const selection = document.getSelection()!;
          selection.removeAllRanges();
          selection.addRange(range);
          return true;
        }
        position = end;
      }
      return false;
    }
  }, select);
  return async () => {
    const watched = await handle.evaluate(async value => {
      value.on = false;
      await new Promise(requestAnimationFrame);
      return value;
    });
    await handle.dispose();
    return watched;
  };
}

/** The text of an answer, in single spaces, without its formulas and, if wanted, without its code. */
export function textOf(answer: Locator, withoutCode = false): Promise<string> {
  return answer.evaluate((content, bare) => {
    const copy = content.cloneNode(true) as Element;
    copy
      .querySelectorAll(`.jp-StreamChat-formula${bare ? ', pre, code' : ''}`)
      .forEach(node => node.remove());
    return copy.textContent!.replace(/\s+/g, ' ');
  }, withoutCode);
}

/** Where a text stands: its lines, and how far it is from the edges of the answer. */
export function placeOf(
  answer: Locator,
  text: string
): Promise<{ left: number; right: number; top: number; bottom: number }> {
  return answer.evaluate((content, wanted) => {
    const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const start = content.textContent!.indexOf(wanted);
    let position = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const end = position + node.textContent!.length;
      if (start >= position && start < end) {
        range.setStart(node, start - position);
      }
      if (start >= 0 && start + wanted.length <= end) {
        range.setEnd(node, start + wanted.length - position);
        break;
      }
      position = end;
    }
    const box = range.getBoundingClientRect();
    const { left, right } = content.getBoundingClientRect();
    return { left: box.left - left, right: right - box.right, top: box.top, bottom: box.bottom };
  }, text);
}

/** Numbers of lists for which there is no room at their side. */
export function cutOrdinals(answer: Locator): Promise<string[]> {
  return answer.evaluate(content => {
    const context = document.createElement('canvas').getContext('2d')!;
    const edge = content.getBoundingClientRect().left;
    return [...content.querySelectorAll('ol')].flatMap(list => {
      const item = list.lastElementChild!;
      const style = getComputedStyle(item);
      context.font = `${style.fontSize} ${style.fontFamily}`;
      const number = `${list.start + list.childElementCount - 1}. `;
      return item.getBoundingClientRect().left - edge < context.measureText(number).width
        ? [number]
        : [];
    });
  });
}

/** What sticks out of an answer, by its name; what scrolls in itself may hold something wide. */
export function stickingOut(answer: Locator): Promise<string[]> {
  return answer.evaluate(content => {
    const { left, right } = content.getBoundingClientRect();
    const isClipped = (node: Element | null): boolean =>
      node !== null &&
      node !== content &&
      (getComputedStyle(node).overflowX !== 'visible' || isClipped(node.parentElement));
    const sticking = [...content.querySelectorAll('*')].filter(node => {
      const box = node.getBoundingClientRect();
      const isOut = box.width > 0 && (box.left < left - 1 || box.right > right + 1);
      return isOut && !node.closest('mjx-assistive-mml') && !isClipped(node.parentElement);
    });
    const log = content.closest('[role="log"]') ?? content;
    const wide = log.scrollWidth > log.clientWidth ? ['the list of messages'] : [];
    return [...wide, ...sticking.map(node => `${node.localName}.${node.getAttribute('class')}`)];
  });
}
