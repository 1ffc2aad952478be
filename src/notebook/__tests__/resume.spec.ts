import { YNotebook } from '@jupyter/ydoc';
import { type IKeptSession, KeptSessions } from '../resume';
import { ResumedWriter } from '../resumedwriter';

const SESSION: IKeptSession = {
  chatId: 'chat-0001',
  path: 'a.ipynb',
  cellId: 'cell',
  index: 1,
  count: 2,
  below: null,
  isChange: false,
  runId: null
};

beforeEach(() => window.sessionStorage.clear());

test('keeps one cell for each answer, by notebook, and forgets it', () => {
  const kept = new KeptSessions(window.sessionStorage, '/');
  kept.keep(SESSION);
  kept.keep({ ...SESSION, path: 'b.ipynb' });
  kept.keep({ ...SESSION, chatId: 'chat-0002' });
  expect(kept.of('b.ipynb')).toEqual([{ ...SESSION, path: 'b.ipynb' }]);
  kept.keep({ ...SESSION, path: 'b.ipynb', runId: 'run-1' });
  kept.forget(SESSION);
  expect(kept.of('b.ipynb')).toEqual([{ ...SESSION, path: 'b.ipynb', runId: 'run-1' }]);
  expect(new KeptSessions(window.sessionStorage, '/').of('a.ipynb')).toHaveLength(1);
  expect(new KeptSessions(window.sessionStorage, '/other/').of('a.ipynb')).toEqual([]);
});

test('what does not have the right shape is left out', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation();
  const kept = new KeptSessions(window.sessionStorage, '/');
  for (const text of ['{', '7', '[null, 7, {"path": "a.ipynb"}]']) {
    window.sessionStorage.setItem('jupyter-stream-chat:/:cells', text);
    expect(kept.of('a.ipynb')).toEqual([]);
  }
  warn.mockRestore();
});

function resumed(source: string) {
  const cell = new YNotebook().addCell({ cell_type: 'code', source });
  const onOther = jest.fn();
  return { cell, onOther, sink: new ResumedWriter(cell, onOther) };
}

test('a stream goes on after the beginning that the cell holds', () => {
  const { cell, onOther, sink } = resumed('x = 1\ny');
  sink.append('x = ');
  sink.append('1\ny = 2');
  sink.append('\nz');
  expect(cell.getSource()).toBe('x = 1\ny = 2\nz');
  expect(onOther).not.toHaveBeenCalled();
});

test('a cell that holds something else stays as it is', () => {
  const { cell, onOther, sink } = resumed('mine = 1');
  sink.append('x = ');
  sink.append('1\ny = 2');
  expect(cell.getSource()).toBe('mine = 1');
  expect(onOther).toHaveBeenCalledTimes(1);
});

test('undo takes all of a resumed stream away, also what came before the reload', () => {
  const { cell, sink } = resumed('x = 1\ny');
  sink.append('x = 1\ny = 2');
  sink.end();
  sink.undo();
  expect(cell.getSource()).toBe('');
  cell.undo();
  expect(cell.getSource()).toBe('x = 1\ny = 2');
});

test('another version takes the place of what a cell holds from before the reload', () => {
  const { cell, onOther, sink } = resumed('x = 1\ny');
  sink.append('x = 1');
  sink.clear();
  sink.append('z = 3');
  expect(cell.getSource()).toBe('z = 3');
  expect(onOther).not.toHaveBeenCalled();
});
