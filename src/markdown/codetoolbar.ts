/**
 * The buttons on code: copy, and what else the renderer's owner offers.
 */

import { Clipboard } from '@jupyterlab/apputils';
import { copyIcon } from '@jupyterlab/ui-components';
import { languageIn } from './codecolours';

/** Class of the button, a child of the `pre` whose code it copies. */
export const COPY_BUTTON_CLASS = 'jp-StreamChat-copyCode';

/** Class of the element with the other buttons, also a child of the `pre`. */
const ACTIONS_CLASS = 'jp-StreamChat-codeActions';

/** A code block of an answer. */
export interface ICodeBlock {
  readonly node: HTMLElement;
  /** As the model wrote it; empty: none. */
  readonly language: string;
  /** The code, without line breaks at its end. */
  readonly text: string;
}

/** Makes buttons for a code block. */
export type CodeActions = (block: ICodeBlock) => readonly HTMLElement[];

/**
 * Put a copy button on each code block of a finished block.
 *
 * @param host element of the block.
 * @param label what the button is called, in the reader's language.
 * @param onCopied called when code was put on the clipboard.
 * @param actions makes more buttons, which stand before it.
 */
export function addCopyButtons(
  host: HTMLElement,
  label: string,
  onCopied?: () => void,
  actions?: CodeActions
): void {
  for (const pre of host.querySelectorAll('pre')) {
    const code = pre.querySelector('code');
    if (code !== null && pre.querySelector(`:scope > .${COPY_BUTTON_CLASS}`) === null) {
      // Long lines are scrolled by the keyboard, too.
      code.tabIndex = 0;
      addActions(pre, code, actions);
      pre.append(createCopyButton(code, label, onCopied));
    }
  }
}

function addActions(pre: HTMLElement, code: HTMLElement, actions: CodeActions | undefined): void {
  const named = [...code.classList].find(name => name.startsWith('language-')) ?? '';
  const buttons = actions?.({
    node: pre,
    language: languageIn(named.slice('language-'.length)),
    get text() {
      return textOf(code);
    }
  });
  if (buttons && buttons.length > 0) {
    const row = document.createElement('div');
    row.className = ACTIONS_CLASS;
    row.append(...buttons);
    pre.append(row);
  }
}

/** Without a newline at its end a terminal runs nothing by itself. */
function textOf(code: HTMLElement): string {
  return (code.textContent ?? '').replace(/\n+$/, '');
}

function createCopyButton(code: HTMLElement, label: string, onCopied?: () => void): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = COPY_BUTTON_CLASS;
  button.title = label;
  button.setAttribute('aria-label', label);
  copyIcon.element({ container: button, stylesheet: 'toolbarButton' });
  button.addEventListener('click', () => {
    // JupyterLab's clipboard works on plain http too.
    Clipboard.copyToSystem(textOf(code));
    onCopied?.();
  });
  return button;
}
