import { YNotebook } from '@jupyter/ydoc';
import { insertCells, insertText, replaceSource } from '../insertcode';

const sources = (notebook: YNotebook) => notebook.cells.map(cell => cell.getSource());

describe.each([true, false])('inserting (undo per cell: %s)', perCell => {
  function open(...cells: string[]): YNotebook {
    const notebook = new YNotebook({ disableDocumentWideUndoRedo: perCell });
    cells.forEach(source => notebook.addCell({ cell_type: 'code', source }));
    notebook.clearUndoHistory();
    notebook.cells.forEach(cell => cell.clearUndoHistory());
    return notebook;
  }

  test('several cells are one step of undo, also right after the user made a cell', () => {
    const notebook = open('a', 'b');
    notebook.insertCell(0, { cell_type: 'code', source: 'mine' });
    const ids = insertCells(notebook, 2, [
      { cell_type: 'markdown', source: 'text' },
      { cell_type: 'code', source: 'x = 1' }
    ]);
    expect(sources(notebook)).toEqual(['mine', 'a', 'text', 'x = 1', 'b']);
    expect(ids).toEqual([notebook.cells[2].getId(), notebook.cells[3].getId()]);
    expect(notebook.cells[2].cell_type).toBe('markdown');
    notebook.insertCell(5, { cell_type: 'code', source: 'later' });
    notebook.undo();
    expect(sources(notebook)).toEqual(['mine', 'a', 'text', 'x = 1', 'b']);
    notebook.undo();
    expect(sources(notebook)).toEqual(['mine', 'a', 'b']);
    notebook.undo();
    expect(sources(notebook)).toEqual(['a', 'b']);
  });

  test('a cell is replaced in one step, and what was typed before stays', () => {
    const notebook = open('old');
    const [cell] = notebook.cells;
    cell.updateSource(3, 3, 'er');
    replaceSource(cell, 'new');
    expect(cell.getSource()).toBe('new');
    cell.undo();
    expect(cell.getSource()).toBe('older');
    cell.undo();
    expect(cell.getSource()).toBe('old');
  });

  test('text goes to a place, or takes that of a selection', () => {
    const [cell] = open('print()').cells;
    insertText(cell, '😀', 6);
    expect(cell.getSource()).toBe('print(😀)');
    insertText(cell, 'x', 6, 8);
    expect(cell.getSource()).toBe('print(x)');
    cell.undo();
    expect(cell.getSource()).toBe('print(😀)');
  });
});
