/**
 * Where the keyboard is: the panel loses it to nobody by itself, and takes it from nobody.
 *
 * `keepFocus` gives the focus back when what had it leaves the page. `keepTyping` gives it back to the composer
 * when the application takes it away in the middle of a word.
 */
import { DisposableDelegate, IDisposable } from '@lumino/disposable';

/** Whoever typed within this time is still typing. */
const TYPING_MS = 1500;
const MOVED = 'jp-StreamChat-moved';
const DIALOG = '.jp-Dialog, [role="dialog"][aria-modal="true"]';

/**
 * When the element that has the focus is removed from the panel, put the focus where `giveBack` says.
 *
 * @param giveBack - called only while the focus is nowhere.
 */
export function keepFocus(root: HTMLElement, giveBack: () => void): IDisposable {
  let held: Element | null = null;
  const look = (): void => {
    if (held && !held.isConnected) {
      held = null;
      if (document.activeElement === document.body) {
        giveBack();
      }
    }
  };
  const observer = new MutationObserver(look);
  const onFocus = ({ target }: FocusEvent): void => {
    held = target instanceof Element ? target : null;
    observer.disconnect();
    // The composer's field is never removed, and while an answer grows the panel changes with each frame.
    if (!held?.matches('.jp-StreamChat-input')) {
      observer.observe(root, { childList: true, subtree: true });
    }
  };
  const onBlur = (): void => {
    const left = held;
    // Chromium tells of it before the element is removed.
    queueMicrotask(() => {
      look();
      if (left?.isConnected && document.activeElement !== left) {
        observer.disconnect();
        held = root.contains(document.activeElement) ? document.activeElement : null;
      }
    });
  };
  root.addEventListener('focusin', onFocus);
  root.addEventListener('focusout', onBlur);
  return new DisposableDelegate(() => {
    observer.disconnect();
    root.removeEventListener('focusin', onFocus);
    root.removeEventListener('focusout', onBlur);
  });
}

/**
 * Keep the keyboard with somebody who is typing into the composer, unless that person moves it.
 *
 * A dialog that opens in the middle of a word keeps the focus, which it traps, but not the letters: they go on
 * into the composer until the hand rests.
 */
export function keepTyping(root: HTMLElement): IDisposable {
  let field: HTMLTextAreaElement | null = null;
  let typedAt = -Infinity;
  const isTyping = (): boolean => performance.now() - typedAt < TYPING_MS;
  const rest = (): void => {
    typedAt = -Infinity;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const { target } = event;
    if (target instanceof HTMLTextAreaElement && isComposer(target, root)) {
      field = target;
      typedAt = isText(event) && event.key !== 'Enter' ? performance.now() : -Infinity;
    } else if (field && isTyping() && target instanceof Element && target.closest(DIALOG)) {
      if (isText(event) && !event.isComposing) {
        typedAt = performance.now();
        event.preventDefault();
        event.stopImmediatePropagation();
        write(field, event.key);
      } else {
        rest();
      }
    } else {
      rest();
    }
  };
  const onFocus = ({ target }: FocusEvent): void => {
    const isAway = target instanceof Element && !root.contains(target) && !target.closest(DIALOG);
    if (isAway && isTyping()) {
      field?.focus({ preventScroll: true });
    }
  };
  const onBlur = ({ target }: FocusEvent): void => {
    if (target === field && isTyping() && document.hasFocus()) {
      queueMicrotask(() => {
        if (document.activeElement === document.body && isTyping()) {
          field?.focus({ preventScroll: true });
        }
      });
    }
  };
  window.addEventListener('keydown', onKeyDown, true);
  window.addEventListener('pointerdown', rest, true);
  window.addEventListener(MOVED, rest);
  document.addEventListener('focusin', onFocus, true);
  root.addEventListener('focusout', onBlur);
  return new DisposableDelegate(() => {
    window.removeEventListener('keydown', onKeyDown, true);
    window.removeEventListener('pointerdown', rest, true);
    window.removeEventListener(MOVED, rest);
    document.removeEventListener('focusin', onFocus, true);
    root.removeEventListener('focusout', onBlur);
  });
}

/** Say that the user goes to another chat: what is typed from now on is meant for that one. */
export function leaveTyping(): void {
  window.dispatchEvent(new Event(MOVED));
}

function isComposer(field: HTMLTextAreaElement, root: HTMLElement): boolean {
  return root.contains(field) && field.matches('.jp-StreamChat-composer .jp-StreamChat-input');
}

/** A key that writes: nothing that moves the focus or gives a command. */
function isText({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const isCommand = (ctrlKey || metaKey) && !altKey;
  return !isCommand && ([...key].length === 1 || ['Backspace', 'Enter', 'Process'].includes(key));
}

/** Do to the field what a key does that reached another element. Enter does nothing there. */
function write(field: HTMLTextAreaElement, key: string): void {
  const { selectionStart: start, selectionEnd: end } = field;
  if (key === 'Backspace') {
    field.setRangeText('', start === end ? Math.max(0, start - 1) : start, end, 'end');
  } else if ([...key].length === 1) {
    field.setRangeText(key, start, end, 'end');
  } else {
    return;
  }
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
}

/** Put the cursor into the composer of the panel that holds this element, or held it. */
export function focusComposer(within: Element | null): void {
  const panel = within?.closest('.jp-StreamChat') ?? document.querySelector('.jp-StreamChat');
  panel
    ?.querySelector<HTMLElement>('.jp-StreamChat-composer .jp-StreamChat-input')
    ?.focus({ preventScroll: true });
}
