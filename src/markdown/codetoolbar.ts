/**
 * The head line of code: its language, and what can be done with it.
 *
 * The line itself is drawn by the style sheet, from the first character of the code on; so the name of the language
 * is no text of the answer, and the code does not move when the actions come.
 */

import { Clipboard } from '@jupyterlab/apputils';
import { copyIcon } from '@jupyterlab/ui-components';

import { languageOf, nameLanguage } from './codecolours';

/** Class of the element that holds the actions, a child of the `pre` that they are for. */
const ACTIONS_CLASS = 'jp-StreamChat-codeActions';

/** Class of the button that copies. */
const COPY_BUTTON_CLASS = 'jp-StreamChat-copyCode';

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
 * Put the language and a copy button on each code block of a finished block.
 *
 * @param host element of the block.
 * @param label what the button is called, in the reader's language.
 * @param onCopied called when code was put on the clipboard.
 * @param more makes more buttons, which stand before it.
 */
export function addCopyButtons(
  host: HTMLElement,
  label: string,
  onCopied?: () => void,
  more?: CodeActions
): void {
  for (const pre of host.querySelectorAll('pre')) {
    const code = pre.querySelector('code');
    if (code !== null && pre.querySelector(`:scope > .${ACTIONS_CLASS}`) === null) {
      nameLanguage(pre, languageOf(code));
      // Long lines are scrolled by the keyboard, too.
      code.tabIndex = 0;
      const actions = document.createElement('span');
      actions.className = ACTIONS_CLASS;
      const block = blockOf(pre, code);
      actions.append(...(more?.(block) ?? []), createCopyButton(block, label, onCopied));
      pre.append(actions);
    }
  }
}

function blockOf(node: HTMLElement, code: HTMLElement): ICodeBlock {
  return {
    node,
    language: languageOf(code),
    get text() {
      // Without a newline at its end a terminal runs nothing by itself.
      return (code.textContent ?? '').replace(/\n+$/, '');
    }
  };
}

function createCopyButton(block: ICodeBlock, label: string, onCopied?: () => void): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = COPY_BUTTON_CLASS;
  button.title = label;
  button.setAttribute('aria-label', label);
  copyIcon.element({ container: button, stylesheet: 'toolbarButton' });
  button.addEventListener('click', () => {
    // JupyterLab's clipboard works on plain http too.
    Clipboard.copyToSystem(block.text);
    onCopied?.();
  });
  return button;
}
