/**
 * The line below a cell: says how the writing goes, with buttons.
 */
import { Widget } from '@lumino/widgets';

export interface IBarAction {
  readonly label: string;
  /** What it does, where the label is short. */
  readonly hint?: string;
  readonly isDisabled?: boolean;
  readonly run: () => void;
}

export class CellBar extends Widget {
  constructor() {
    super();
    this.addClass('jp-StreamChat-cellBar');
    // Keys pressed here are no commands of the notebook.
    this.node.setAttribute('data-lm-suppress-shortcuts', 'true');
    this._text.setAttribute('role', 'status');
    this.node.append(this._text, this._buttons);
  }

  /** Say how it goes, and what can be done. */
  tell(text: string, actions: readonly IBarAction[]): void {
    if (text !== this._text.textContent) {
      this._text.textContent = text;
    }
    this._actions = actions;
    const shown = JSON.stringify(actions);
    if (shown === this._shown) {
      return;
    }
    this._shown = shown;
    const focused = this._buttons.contains(document.activeElement)
      ? (document.activeElement?.textContent ?? '')
      : null;
    const buttons = actions.map((action, at) => this._button(action, at));
    this._buttons.replaceChildren(...buttons);
    if (focused !== null) {
      const same = buttons.find(({ textContent }) => textContent === focused);
      (same ?? buttons.find(({ disabled }) => !disabled))?.focus();
    }
  }

  /** Put the focus on the first button. */
  focus(): void {
    this._buttons.querySelector('button')?.focus();
  }

  private _button({ label, hint, isDisabled }: IBarAction, at: number): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'jp-StreamChat-textButton';
    button.textContent = label;
    button.disabled = isDisabled ?? false;
    if (hint !== undefined) {
      button.title = hint;
      button.setAttribute('aria-label', hint);
    }
    button.addEventListener('click', () => this._actions[at]?.run());
    return button;
  }

  private readonly _text = document.createElement('span');
  private readonly _buttons = buttonsNode();
  private _actions: readonly IBarAction[] = [];
  private _shown = '';
}

function buttonsNode(): HTMLElement {
  const node = document.createElement('span');
  node.className = 'jp-StreamChat-cellBarButtons';
  return node;
}
