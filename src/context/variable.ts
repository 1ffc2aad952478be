/**
 * A variable of the notebook's kernel: names, types and shapes, never its values as a whole.
 *
 * The kernel evaluates one expression that leaves no name behind, and is asked only while it is idle.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { cut } from './budget';
import { ContextError, fits, type IContextItem, type IContextKind } from './kinds';
import { nameOf, notebookAt } from './notebooks';
import { DESCRIBE, LIST } from './pythonvariable';
import type { IContextTools } from './tools';

/** How long a kernel may take to describe a variable, in milliseconds. */
const PATIENCE = 5000;

export class VariableKind implements IContextKind {
  readonly kind = 'variable';

  constructor(private readonly _tools: IContextTools) {}

  async propose(query: string): Promise<readonly IContextItem[]> {
    const panel = this._tools.notebooks.currentWidget;
    const kernel = panel?.sessionContext.session?.kernel;
    if (!panel || !kernel || query === '' || kernel.status !== 'idle') {
      return [];
    }
    const { trans } = this._tools;
    const listed = JSON.parse(await evaluate(kernel, LIST, trans)) as [string, string][];
    return listed
      .filter(([name, type]) => fits(query, 'variable', name, type))
      .map(([name, type]) => this.item(panel, name, type));
  }

  /** A variable that can be attached. */
  item(panel: NotebookPanel, name: string, type: string): IContextItem {
    const { notebooks, trans, activate } = this._tools;
    const { path } = panel.context;
    return {
      kind: this.kind,
      title: name,
      detail: trans.__('Variable of %1: %2', nameOf(path), type),
      source: { path, variable: name },
      resolve: async limit => {
        const kernel = notebookAt(notebooks, path, trans).sessionContext.session?.kernel;
        if (!kernel) {
          throw new ContextError(trans.__('%1 has no kernel.', nameOf(path)));
        }
        const text = await evaluate(kernel, DESCRIBE(name), trans);
        return cut(text, limit, left => trans.__('%1 characters left out', left));
      },
      reveal: () => activate(notebookAt(notebooks, path, trans).id)
    };
  }
}

/**
 * Evaluate an expression whose value is text in hexadecimal digits: no way of quoting changes those.
 *
 * @throws ContextError when the kernel is busy, slow, of another language, or refuses.
 */
export async function evaluate(
  kernel: Kernel.IKernelConnection,
  expression: string,
  trans: TranslationBundle
): Promise<string> {
  if (kernel.status !== 'idle') {
    throw new ContextError(trans.__('The kernel is busy: send again when it is idle.'));
  }
  const { language_info } = await kernel.info;
  if (language_info.name !== 'python') {
    throw new ContextError(trans.__('Variables can be attached from Python kernels only.'));
  }
  const future = kernel.requestExecute(
    {
      code: '',
      silent: true,
      store_history: false,
      allow_stdin: false,
      user_expressions: { text: expression }
    },
    false
  );
  let timer: number | undefined;
  const slow = new Promise<never>((_, reject) => {
    const error = new ContextError(trans.__('The kernel took too long to describe the variable.'));
    timer = window.setTimeout(() => reject(error), PATIENCE);
  });
  try {
    const { content } = await Promise.race([future.done, slow]);
    const result = (content as { user_expressions?: Record<string, unknown> }).user_expressions;
    return decoded(result?.text, trans);
  } finally {
    window.clearTimeout(timer);
    future.dispose();
  }
}

function decoded(result: unknown, trans: TranslationBundle): string {
  const { data, evalue } = (result ?? {}) as { data?: Record<string, string>; evalue?: string };
  const hex = /^'([0-9a-f]*)'$/.exec(data?.['text/plain'] ?? '')?.[1];
  if (hex === undefined) {
    throw new ContextError(trans.__('The kernel cannot describe the variable: %1', evalue ?? ''));
  }
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], pair => parseInt(pair, 16));
  return new TextDecoder().decode(bytes);
}
