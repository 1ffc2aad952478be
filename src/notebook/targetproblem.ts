/**
 * Why a target cannot be used, in the reader's language.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { TargetProblem } from './target';

export function problemSentence(problem: TargetProblem, trans: TranslationBundle): string {
  switch (problem) {
    case 'no_notebook':
      return trans.__('No notebook with a cell is open.');
    case 'closed':
      return trans.__('The notebook was closed.');
    case 'cell_gone':
      return trans.__('The cell was deleted.');
    case 'read_only':
      return trans.__('The notebook is read-only.');
    case 'cell_locked':
      return trans.__('The cell is read-only.');
  }
}
