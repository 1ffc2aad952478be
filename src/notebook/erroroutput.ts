/**
 * The output of a cell that failed: as JupyterLab shows it, with buttons to have the error explained or fixed.
 */
import { type IRenderMime, RenderedError } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';

/** The bundle of an error holds both: the fields, and the traceback as text. */
export const ERROR_TYPE = 'application/vnd.jupyter.error';
const TRACEBACK_TYPE = 'application/vnd.jupyter.stderr';

export interface IErrorActions {
  /** Whether the error at an element can be acted on. */
  isOffered(node: Element): boolean;
  explain(node: Element): void;
  fix(node: Element): void;
}

export class ErrorOutput extends RenderedError {
  constructor(
    options: IRenderMime.IRendererOptions,
    actions: IErrorActions,
    trans: TranslationBundle
  ) {
    super({ ...options, mimeType: TRACEBACK_TYPE });
    this._actions = actions;
    this._tools.className = 'jp-StreamChat-errorTools';
    this._tools.append(
      this._button(trans.__('Explain'), trans.__('Explain this error in the chat'), () =>
        actions.explain(this.node)
      ),
      this._button(
        trans.__('Fix'),
        trans.__(
          'Propose a change of the cell that fixes the error. Sends the error, the cells that ran before and the variables that they name.'
        ),
        () => actions.fix(this.node)
      )
    );
  }

  override async render(model: IRenderMime.IMimeModel): Promise<void> {
    await super.render(model);
    this._offer();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._offer();
  }

  private _offer(): void {
    if (this.isAttached && this._actions.isOffered(this.node)) {
      this.addClass('jp-StreamChat-error');
      this.node.append(this._tools);
    }
  }

  private _button(label: string, hint: string, run: () => void): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'jp-StreamChat-textButton';
    button.textContent = label;
    button.title = hint;
    button.addEventListener('click', run);
    return button;
  }

  private readonly _actions: IErrorActions;
  private readonly _tools = document.createElement('div');
}
