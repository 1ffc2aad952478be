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
  expect(cellQuestion(' Plot it ', 'python', null)).toMatch(/^Plot it\n\nWrite .* in python/);
  expect(cellQuestion('Sort it', 'python', 'x = 1')).toMatch(
    /^Sort it\n\nChange .* whole new source in one fenced python code block/
  );
});

test('a cell magic is asked for, and its language is not named as that of the kernel', () => {
  const question = cellQuestion('Sort it', 'python', '%%bash\nls');
  expect(question).toMatch(/the cell magic in its first line included, in one fenced code block/);
});
