/**
 * The copy button on code.
 */

import { Clipboard } from '@jupyterlab/apputils';
import { copyIcon } from '@jupyterlab/ui-components';

/** Class of the button, a child of the `pre` whose code it copies. */
export const COPY_BUTTON_CLASS = 'jp-StreamChat-copyCode';

/**
 * Put a copy button on each code block of a finished block.
 *
 * @param host element of the block.
 * @param label what the button is called, in the reader's language.
 * @param onCopied called when code was put on the clipboard.
 */
export function addCopyButtons(host: HTMLElement, label: string, onCopied?: () => void): void {
  for (const pre of host.querySelectorAll('pre')) {
    const code = pre.querySelector('code');
    if (code !== null && pre.querySelector(`:scope > .${COPY_BUTTON_CLASS}`) === null) {
      // Long lines are scrolled by the keyboard, too.
      code.tabIndex = 0;
      pre.append(createCopyButton(code, label, onCopied));
    }
  }
}

function createCopyButton(code: HTMLElement, label: string, onCopied?: () => void): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = COPY_BUTTON_CLASS;
  button.title = label;
  button.setAttribute('aria-label', label);
  copyIcon.element({ container: button, stylesheet: 'toolbarButton' });
  button.addEventListener('click', () => {
    // JupyterLab's clipboard works on plain http too. Without a newline at its end a terminal runs nothing by itself.
    Clipboard.copyToSystem((code.textContent ?? '').replace(/\n+$/, ''));
    onCopied?.();
  });
  return button;
}
