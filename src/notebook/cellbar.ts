/**
 * The line below a cell: asks what code to write, then says how the writing goes, with buttons.
 */
import { Widget } from '@lumino/widgets';

export interface IBarAction {
  readonly label: string;
  readonly run: () => void;
}

export class CellBar extends Widget {
  constructor() {
    super();
    this.addClass('jp-StreamChat-cellBar');
    // Keys pressed here are no commands of the notebook.
    this.node.setAttribute('data-lm-suppress-shortcuts', 'true');
    this._text.setAttribute('role', 'status');
  }

  /**
   * Ask for a line of text.
   *
   * @param note - said beside the field.
   * @param answer - gets the text; null: the user left.
   */
  ask(placeholder: string, note: string, answer: (text: string | null) => void): void {
    const input = document.createElement('input');
    input.type = 'text';
    input.className = 'jp-mod-styled';
    input.placeholder = placeholder;
    input.setAttribute('aria-label', placeholder);
    this._text.textContent = note;
    this.node.replaceChildren(input, this._text);
    input.addEventListener('keydown', event => {
      if (event.isComposing || !['Enter', 'Escape'].includes(event.key)) {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      if (event.key === 'Escape' || input.value.trim() !== '') {
        answer(event.key === 'Escape' ? null : input.value);
      }
    });
    input.focus();
  }

  /** Say how it goes, and what can be done. */
  tell(text: string, actions: readonly IBarAction[]): void {
    const hadFocus = this.node.contains(document.activeElement);
    this._text.textContent = text;
    const buttons = actions.map(({ label, run }) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'jp-StreamChat-textButton';
      button.textContent = label;
      button.addEventListener('click', run);
      return button;
    });
    this.node.replaceChildren(this._text, ...buttons);
    if (hadFocus) {
      buttons[0]?.focus();
    }
  }

  private readonly _text = document.createElement('span');
}
