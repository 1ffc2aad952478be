/**
 * What a Python kernel knows: its names, and the columns of its data frames.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { inspectorOf } from '../context/kernelinspector';
import { ContextError } from '../context/kinds';
import type { IKnownNames } from './namecheck';

/** JSON in hexadecimal digits. Leaves no name behind; tables of other than plain columns are left out. */
const NAMES =
  "__import__('json').dumps({" +
  "'names': sorted(set(map(str, globals())) | set(dir(__import__('builtins')))), " +
  "'tables': {n: [*v.columns, *filter(lambda c: type(c) is str, getattr(getattr(v, 'index', None), 'names', ()))] for n, v in list(globals().items()) if not n.startswith('_') " +
  "and type(v).__name__ == 'DataFrame' and type(v).__module__.split('.')[0] in ('pandas', 'polars') " +
  'and len(v.columns) <= 2000 and all(type(c) is str for c in v.columns)}' +
  "}).encode('utf-8', 'replace').hex()";

interface IListed {
  readonly names: readonly string[];
  readonly tables: Readonly<Record<string, readonly string[]>>;
}

/** Ask the notebook's kernel; null where it is busy, slow, or not Python's: nothing is judged then. */
export async function kernelNames(
  panel: NotebookPanel,
  trans: TranslationBundle
): Promise<IKnownNames | null> {
  const kernel = panel.sessionContext.session?.kernel;
  if (kernel?.status !== 'idle') {
    return null;
  }
  try {
    const listed = JSON.parse(await inspectorOf(kernel, trans).evaluate(NAMES)) as IListed;
    return {
      names: new Set(listed.names),
      tables: new Map(
        Object.entries(listed.tables).map(([name, columns]) => [name, new Set(columns)])
      )
    };
  } catch (error) {
    if (!(error instanceof ContextError)) {
      throw error;
    }
    return null;
  }
}
