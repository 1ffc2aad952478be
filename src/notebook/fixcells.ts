/**
 * The answers of `%chat fix` as changes of the cells that failed.
 */
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IFixCells } from './answerrenderer';
import type { Generate } from './generate';
import { pinExecuted } from './target';

export class FixCells implements IFixCells {
  constructor(
    private readonly _tracker: INotebookTracker | null,
    private readonly _generate: Generate
  ) {}

  isOffered(execution: number, node: Element): boolean {
    return pinExecuted(this._tracker, node, execution) !== null;
  }

  fix(execution: number, node: Element, chatId: string, runId: string): void {
    const target = pinExecuted(this._tracker, node, execution);
    void this._generate.propose(target, chatId, runId);
  }
}
