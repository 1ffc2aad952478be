import { YNotebook } from '@jupyter/ydoc';
import { CellText } from '../celltext';
import { CodeFilter } from '../codefilter';
import { CellWriter } from '../cellwriter';

function open() {
  const cell = new YNotebook().addCell({ cell_type: 'code', source: '' });
  const frames: (() => void)[] = [];
  const writer = new CellWriter(cell);
  const text = new CellText(writer, new CodeFilter('python'), '', undefined, callback =>
    frames.push(callback)
  );
  const nextFrame = () => frames.splice(0).forEach(callback => callback());
  return { cell, text, nextFrame };
}

test('writes the code once a frame, and the rest at the end', async () => {
  const { cell, text, nextFrame } = open();
  const update = jest.spyOn(cell, 'updateSource');
  ['Here:\n```py', 'thon\nx = ', '1\ny', ' = 2\n'].forEach(piece => text.append(piece));
  expect(cell.getSource()).toBe('');
  nextFrame();
  expect(cell.getSource()).toBe('x = 1\ny = 2');
  expect(update).toHaveBeenCalledTimes(1);
  text.append('z\n```\nDone.');
  await text.finish();
  expect(cell.getSource()).toBe('x = 1\ny = 2\nz');
  expect(text.hasCode).toBe(true);
});

test('a stop writes what counts as shown, and nothing after it', () => {
  const { cell, text, nextFrame } = open();
  text.append('```\nx😀\n');
  text.freeze();
  expect([cell.getSource(), text.shown]).toEqual(['x😀', 7]);
  text.append('y\n');
  nextFrame();
  expect(cell.getSource()).toBe('x😀');
});

test('a snapshot that continues the text is continued; another text changes nothing', () => {
  const { cell, text, nextFrame } = open();
  text.append('```\nx\n');
  text.setText('```\nx\ny\n');
  nextFrame();
  expect(cell.getSource()).toBe('x\ny');
  text.setText('```\nother\n');
  nextFrame();
  expect(cell.getSource()).toBe('x\ny');
});

test('a pause holds the text back, and it goes on where it was', async () => {
  const { cell, text, nextFrame } = open();
  text.append('```\nx = ');
  text.freeze();
  expect(cell.getSource()).toBe('x = ');
  text.append('never seen');
  nextFrame();
  expect(cell.getSource()).toBe('x = ');
});

test('an end that was none is gone on from, in the middle of a line', async () => {
  const { cell, text, nextFrame } = open();
  await text.finish();
  text.setText('');
  text.append('```\nx = 1');
  await text.finish();
  text.append('0\ny = 2');
  nextFrame();
  expect(cell.getSource()).toBe('x = 10\ny = 2');
});

test('goes on after code that is in the cell', async () => {
  const cell = new YNotebook().addCell({ cell_type: 'code', source: 'x = 1\ny' });
  const writer = new CellWriter(cell, 0);
  const text = new CellText(writer, new CodeFilter('python'), '```python\nx = 1\ny');
  text.setText('```python\nx = 1\ny = 2\n```');
  await text.finish();
  expect(cell.getSource()).toBe('x = 1\ny = 2');
});
