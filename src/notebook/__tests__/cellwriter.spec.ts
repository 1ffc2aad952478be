import { YNotebook } from '@jupyter/ydoc';

import { CellWriter } from '../cellwriter';

type YNotebookCell = ReturnType<YNotebook['addCell']>;

function cellOf(
  source: string,
  disableDocumentWideUndoRedo: boolean
): { notebook: YNotebook; cell: YNotebookCell } {
  const notebook = new YNotebook({ disableDocumentWideUndoRedo });
  const cell = notebook.addCell({ cell_type: 'code', source });
  cell.clearUndoHistory();
  return { notebook, cell };
}

describe.each([true, false])('a cell writer (undo per cell: %s)', perCell => {
  test('appends at the end, and one undo takes all of it back', () => {
    const { cell } = cellOf('# total\n', perCell);
    const writer = new CellWriter(cell);
    for (const piece of ['x', ' = ', '1\n', 'y']) {
      writer.append(piece);
    }
    writer.end();
    expect(cell.getSource()).toBe('# total\nx = 1\ny');
    cell.undo();
    expect(cell.getSource()).toBe('# total\n');
    expect(cell.canUndo()).toBe(false);
    cell.redo();
    expect(cell.getSource()).toBe('# total\nx = 1\ny');
  });

  test('is one step however long it pauses', async () => {
    const { cell } = cellOf('', perCell);
    const writer = new CellWriter(cell);
    writer.append('a');
    await new Promise(resolve => setTimeout(resolve, 700));
    writer.append('b');
    writer.end();
    cell.undo();
    expect(cell.getSource()).toBe('');
  });

  test('what is typed afterwards is a step of its own', () => {
    const { cell } = cellOf('', perCell);
    const writer = new CellWriter(cell);
    writer.append('x = 1');
    writer.end();
    cell.updateSource(5, 5, '0');
    cell.undo();
    expect(cell.getSource()).toBe('x = 1');
  });

  test('text that takes the place of the whole range is in it, and the stream goes on behind it', () => {
    const { cell } = cellOf('top\n', perCell);
    const writer = new CellWriter(cell);
    writer.append('x = 1\n');
    cell.updateSource(4, 10, 'edited = 1\n');
    expect(writer.text).toBe('edited = 1\n');
    expect(writer.isEdited).toBe(true);
    writer.append('y = 2');
    expect(cell.getSource()).toBe('top\nedited = 1\ny = 2');
  });

  test('keeps to its range while somebody types before it, behind it and in it', () => {
    const { cell } = cellOf('top\n', perCell);
    const writer = new CellWriter(cell);
    writer.append('one ');
    cell.updateSource(0, 0, 'typed ');
    writer.append('two');
    expect(cell.getSource()).toBe('typed top\none two');
    expect(writer.isEdited).toBe(false);
    cell.updateSource(cell.getSource().length, cell.getSource().length, '\n# mine');
    writer.append(' three');
    expect(cell.getSource()).toBe('typed top\none two three\n# mine');
    const at = cell.getSource().indexOf('two');
    cell.updateSource(at, at + 3, '2');
    writer.append(' four');
    expect(cell.getSource()).toBe('typed top\none 2 three four\n# mine');
    expect(writer.isEdited).toBe(true);
  });

  test('what is typed while it streams is a step of its own, and stays', () => {
    const { cell } = cellOf('', perCell);
    const writer = new CellWriter(cell);
    writer.append('x = 1');
    cell.updateSource(0, 0, '# mine\n');
    writer.append('\ny = 2');
    writer.end();
    writer.undo();
    expect(cell.getSource()).toBe('# mine\n');
  });

  test('another version takes the place of the first, and both are one step', () => {
    const { cell } = cellOf('top\n', perCell);
    const writer = new CellWriter(cell);
    writer.append('x = 1');
    writer.end();
    writer.clear();
    writer.append('y = 2');
    writer.end();
    expect(cell.getSource()).toBe('top\ny = 2');
    cell.undo();
    expect(cell.getSource()).toBe('top\n');
    expect(cell.canUndo()).toBe(false);
  });

  test('takes its own text back where others have typed meanwhile', () => {
    const { cell } = cellOf('top', perCell);
    const writer = new CellWriter(cell);
    writer.append('\nx = 1');
    cell.updateSource(0, 0, '# mine\n');
    writer.append('0');
    writer.end();
    cell.updateSource(0, 0, '# more\n');
    writer.undo();
    expect(cell.getSource()).toBe('# more\n# mine\ntop');
  });
});

test('costs what is added: no read of the whole source for each piece', () => {
  const { cell } = cellOf('x\n'.repeat(2000), true);
  const reads = jest.spyOn(cell, 'getSource');
  const writer = new CellWriter(cell);
  reads.mockClear();
  for (let i = 0; i < 100; i++) {
    writer.append('y = 1\n');
  }
  expect(reads).not.toHaveBeenCalled();
});
