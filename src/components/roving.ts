/**
 * One Tab stop for a group of controls; arrow keys, Home, End and the first letters of a name move within it.
 *
 * Source: https://www.w3.org/WAI/ARIA/apg/practices/keyboard-interface/#kbd_roving_tabindex
 */
import * as React from 'react';
import { RefObject, useCallback, useEffect, useLayoutEffect, useRef } from 'react';

interface IOptions {
  /** The group's controls. */
  items: string;
  /** What holds the controls of one row; absent: the group is one row. */
  rows?: string;
  /** Go by the first letters typed, to the row whose first control begins with them. */
  hasTypeAhead?: boolean;
}

/** Letters typed within this time are one name. */
const NAME_MS = 700;

/**
 * Keep a group at one Tab stop.
 *
 * @returns what handles the group's keys; it returns whether it has.
 */
export function useRoving(
  group: RefObject<HTMLElement>,
  { items, rows, hasTypeAhead }: IOptions
): (event: React.KeyboardEvent) => boolean {
  const name = useRef({ text: '', at: 0 });
  const controls = useCallback(
    (within: Element | null) => [...(within?.querySelectorAll<HTMLElement>(items) ?? [])],
    [items]
  );
  const stopAt = useCallback(
    (stop: HTMLElement | undefined) =>
      controls(group.current).forEach(each => (each.tabIndex = each === stop ? 0 : -1)),
    [controls, group]
  );

  // After each rendering: controls come and go.
  useLayoutEffect(() => {
    const all = controls(group.current);
    const stop =
      all.find(each => each === document.activeElement) ??
      all.find(each => each.tabIndex === 0 && each.dataset.stop !== undefined) ??
      all.find(each => each.hasAttribute('aria-current')) ??
      all[0];
    stopAt(stop);
  });

  useEffect(() => {
    const { current } = group;
    const onFocus = ({ target }: FocusEvent): void => {
      if (target instanceof HTMLElement && target.matches(items)) {
        stopAt(target);
      }
    };
    current?.addEventListener('focusin', onFocus);
    return () => current?.removeEventListener('focusin', onFocus);
  }, [group, items, stopAt]);

  const go = (to: HTMLElement | undefined): boolean => {
    if (to) {
      controls(group.current).forEach(each => delete each.dataset.stop);
      to.dataset.stop = '';
      stopAt(to);
      to.focus();
    }
    return to !== undefined;
  };

  const firsts = (): HTMLElement[] =>
    rows
      ? [...(group.current?.querySelectorAll(rows) ?? [])].flatMap(row => controls(row).slice(0, 1))
      : controls(group.current);

  /** What of a name was typed just now. A space is a part of it, and else presses the button. */
  const begun = (): string => {
    const { text, at } = name.current;
    return performance.now() - at < NAME_MS ? text : '';
  };

  return event => {
    const { target, key, ctrlKey, metaKey, altKey } = event;
    const from = target instanceof HTMLElement && target.matches(items) ? target : null;
    if (!from || ctrlKey || metaKey || altKey) {
      return false;
    }
    const along = controls(rows ? from.closest(rows) : group.current);
    const all = firsts();
    const row = rows ? controls(from.closest(rows))[0] : from;
    const place = along.indexOf(from);
    const moves: Record<string, () => HTMLElement | undefined> = {
      ArrowRight: () => along[place + 1],
      ArrowLeft: () => along[place - 1],
      ArrowDown: () => all[all.indexOf(row) + 1],
      ArrowUp: () => all[all.indexOf(row) - 1],
      Home: () => all[0],
      End: () => all[all.length - 1]
    };
    let isHandled = false;
    if (key in moves) {
      go(moves[key]());
      isHandled = true;
    } else if (hasTypeAhead && [...key].length === 1 && (key !== ' ' || begun())) {
      const now = performance.now();
      const typed = begun() + key.toLowerCase();
      name.current = { text: typed, at: now };
      const next = all.indexOf(row) + ([...typed].length === 1 ? 1 : 0);
      go(
        [...all.slice(next), ...all.slice(0, next)].find(each =>
          nameOf(each).toLowerCase().startsWith(typed)
        )
      );
      isHandled = true;
    }
    if (isHandled) {
      event.preventDefault();
      event.stopPropagation();
    }
    return isHandled;
  };
}

/** What a screen reader calls a control: an icon has no text. */
function nameOf(control: HTMLElement): string {
  return (control.getAttribute('aria-label') ?? control.textContent ?? '').trim();
}
