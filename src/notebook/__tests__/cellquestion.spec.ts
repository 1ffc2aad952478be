import { YNotebook } from '@jupyter/ydoc';
import { cellQuestion, cellsBefore } from '../cellquestion';

function notebook(...cells: [string, number | null][]): YNotebook {
  const made = new YNotebook();
  cells.forEach(([source, count]) =>
    made.addCell({ cell_type: 'code', source, execution_count: count })
  );
  return made;
}

test('only cells above that ran are sent', () => {
  const made = notebook(['a', 1], ['never ran', null], ['  ', 2], ['b', 3], ['below', 4]);
  made.insertCell(0, { cell_type: 'markdown', source: 'text' });
  expect(cellsBefore(made, 5)).toEqual({ sources: ['a', 'b'], omitted: 0 });
});

test('the newest cells are kept where all are too long', () => {
  const context = cellsBefore(notebook(['a'.repeat(9000), 1], ['b'.repeat(9000), 2]), 2);
  expect(context).toEqual({ sources: ['b'.repeat(9000)], omitted: 1 });
});

test('the question says whether the cell is written or changed', () => {
  expect(cellQuestion(' Plot it ', 'python', false)).toMatch(/^Plot it\n\nWrite .* in python/);
  expect(cellQuestion('Sort it', 'python', true)).toMatch(/^Sort it\n\nChange .* whole new source/);
});
