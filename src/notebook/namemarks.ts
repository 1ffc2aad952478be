/**
 * Underlines unknown names in a cell's editor. Marks move with the text, and go when the cell's answer is settled.
 */
import { StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view';
import type { Cell } from '@jupyterlab/cells';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';

/** A range of the editor's text, and what is said of it. */
export interface INameMark {
  readonly from: number;
  readonly to: number;
  readonly sentence: string;
}

const setMarks = StateEffect.define<readonly INameMark[]>();

const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (shown, transaction) => {
    const effect = transaction.effects.find(each => each.is(setMarks));
    if (!effect) {
      return shown.map(transaction.changes);
    }
    const length = transaction.newDoc.length;
    const ranges = (effect.value as readonly INameMark[])
      .filter(({ from, to }) => from < to && to <= length)
      .map(({ from, to, sentence }) =>
        Decoration.mark({
          class: 'jp-StreamChat-unknownName',
          attributes: { title: sentence }
        }).range(from, to)
      );
    return Decoration.set(ranges, true);
  },
  provide: field => EditorView.decorations.from(field)
});

/** Underline these names, and no others. Without an editor on the page nothing is shown. */
export function markNames(cell: Cell, names: readonly INameMark[]): void {
  const view = (cell.editor as CodeMirrorEditor | null)?.editor;
  if (!view) {
    return;
  }
  const isThere = view.state.field(marks, false) !== undefined;
  view.dispatch({
    effects: [...(isThere ? [] : [StateEffect.appendConfig.of(marks)]), setMarks.of(names)]
  });
}
