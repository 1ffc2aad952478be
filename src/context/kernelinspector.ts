/**
 * What a kernel says of its variables: asked one request at a time, only while the kernel is idle.
 *
 * The list of variables is remembered until the kernel runs something or is restarted, so a search that is typed
 * letter by letter asks once. Each request evaluates one expression and leaves no name behind.
 */
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ContextError } from './kinds';
import { DESCRIBE, LIST } from './pythonvariable';

/** How long a kernel may take to answer, in milliseconds. */
const PATIENCE = 5000;
/** How long it may be busy with something short, in milliseconds. */
const SHORT_WORK = 3000;

export interface IVariable {
  readonly name: string;
  readonly type: string;
}

const INSPECTORS = new WeakMap<Kernel.IKernelConnection, KernelInspector>();

/** The one inspector of a kernel: all that ask it wait for each other. */
export function inspectorOf(
  kernel: Kernel.IKernelConnection,
  trans: TranslationBundle
): KernelInspector {
  const inspector = INSPECTORS.get(kernel) ?? new KernelInspector(kernel, trans);
  INSPECTORS.set(kernel, inspector);
  return inspector;
}

export class KernelInspector {
  constructor(
    private readonly _kernel: Kernel.IKernelConnection,
    private readonly _trans: TranslationBundle
  ) {
    _kernel.iopubMessage.connect((_, { header }) => {
      // Silent requests, as ours are, publish no input.
      if (header.msg_type === 'execute_input') {
        this._list = null;
      }
    });
    _kernel.statusChanged.connect((_, status) => {
      if (RESTARTS.has(status)) {
        this._list = null;
      }
    });
  }

  /**
   * The variables that the user made; none while the kernel is busy with the user's work.
   *
   * @returns what is remembered, if the kernel has run nothing since. A kernel that cannot tell has none.
   */
  variables(): Promise<readonly IVariable[]> {
    if (this._list === null && !this._isOurs && this._kernel.status !== 'idle') {
      return Promise.resolve([]);
    }
    this._list ??= this._evaluate(LIST).then(
      text => (JSON.parse(text) as [string, string][]).map(([name, type]) => ({ name, type })),
      (error: unknown) => {
        console.warn('jupyter-stream-chat: the kernel lists no variables', error);
        return [];
      }
    );
    return this._list;
  }

  /**
   * A variable in words.
   *
   * @throws ContextError when the kernel is busy, slow, dead, of another language, or refuses.
   */
  describe(name: string): Promise<string> {
    return this._evaluate(DESCRIBE(name));
  }

  /** Evaluate an expression whose value is text in hexadecimal digits: no way of quoting changes those. */
  private _evaluate(expression: string): Promise<string> {
    const asked = this._queue.then(() => this._request(expression));
    this._queue = asked.catch(() => undefined);
    return asked;
  }

  private async _request(expression: string): Promise<string> {
    const trans = this._trans;
    if (!(await this._isIdle())) {
      throw new ContextError(
        this._kernel.status === 'dead'
          ? trans.__('The kernel has died: restart it.')
          : trans.__('The kernel is busy: send again when it is idle.')
      );
    }
    const { language_info } = await this._kernel.info;
    if (language_info.name !== 'python') {
      throw new ContextError(trans.__('Variables can be attached from Python kernels only.'));
    }
    this._isOurs = true;
    const future = this._kernel.requestExecute(
      {
        code: '',
        silent: true,
        store_history: false,
        allow_stdin: false,
        user_expressions: { text: expression }
      },
      false
    );
    try {
      const reply = await within(PATIENCE, future.done);
      if (!reply) {
        throw new ContextError(trans.__('The kernel took too long to describe the variable.'));
      }
      const { user_expressions: values } = reply.content as KernelMessage.IExecuteReply;
      return decoded(values?.text, trans);
    } finally {
      this._isOurs = false;
      future.dispose();
    }
  }

  /** Wait until the kernel is idle, as long as something short may take. */
  private async _isIdle(): Promise<boolean> {
    const kernel = this._kernel;
    let check = (): void => undefined;
    const idle = new Promise<boolean>(resolve => {
      check = () => {
        if (kernel.status === 'idle' || kernel.status === 'dead') {
          resolve(kernel.status === 'idle');
        }
      };
      kernel.statusChanged.connect(check);
      check();
    });
    try {
      return (await within(SHORT_WORK, idle)) ?? false;
    } finally {
      kernel.statusChanged.disconnect(check);
    }
  }

  private _list: Promise<readonly IVariable[]> | null = null;
  private _queue: Promise<unknown> = Promise.resolve();
  /** The kernel is busy with a request of ours. */
  private _isOurs = false;
}

const RESTARTS: ReadonlySet<string> = new Set(['starting', 'restarting', 'autorestarting', 'dead']);

/** What a promise resolves with; undefined: it took longer than so many milliseconds. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: number | undefined;
  const end = new Promise<undefined>(resolve => {
    timer = window.setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    window.clearTimeout(timer);
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
