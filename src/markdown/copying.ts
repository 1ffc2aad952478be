/**
 * What a reader copies of an answer: formulas are copied as they are written in LaTeX.
 */

import { formulaSource } from './typeset';

/** Put the selection on the clipboard with its formulas as LaTeX; without any, leave it to the browser. */
export function copyFormulas(event: ClipboardEvent): void {
  const selection = document.getSelection();
  if (selection === null || selection.rangeCount === 0 || event.clipboardData === null) {
    return;
  }
  const content = selection.getRangeAt(0).cloneContents();
  const formulas = [...content.querySelectorAll('[data-tex]')];
  if (formulas.length === 0) {
    return;
  }
  formulas.forEach(formula => formula.replaceWith(formulaSource(formula) ?? ''));
  // Text as a reader sees it, in its lines, is only to be had of an element on the page.
  const holder = document.createElement('div');
  holder.style.cssText = 'position: fixed; top: 0; left: -10000px; white-space: normal;';
  holder.append(content);
  document.body.append(holder);
  event.clipboardData.setData('text/plain', holder.innerText);
  event.clipboardData.setData('text/html', holder.innerHTML);
  holder.remove();
  event.preventDefault();
}
