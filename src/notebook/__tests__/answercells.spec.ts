import { answerCells, chosenCell } from '../answercells';

const code = (source: string) => ({ cell_type: 'code', source });
const prose = (source: string) => ({ cell_type: 'markdown', source });

describe('an answer as cells', () => {
  test('keeps prose and code in order, without the fences', () => {
    const answer =
      '# Plan\n\nFirst:\n\n```python\nx = 1\n\nx\n```\nThen\n~~~py\ny = 2\n~~~\n\nDone.\n';
    expect(answerCells(answer, 'python')).toEqual([
      prose('# Plan\n\nFirst:'),
      code('x = 1\n\nx'),
      prose('Then'),
      code('y = 2'),
      prose('Done.')
    ]);
  });

  test.each([
    ['no fence at all', 'Only words.', [prose('Only words.')]],
    ['nothing', '  \n', []],
    ['no prose', '```\nx = 1\n```', [code('x = 1')]],
    ['two blocks in a row', '```python\na\n```\n```python\nb\n```', [code('a'), code('b')]],
    [
      'an answer that was stopped in its code',
      'See:\n```python\nx = ',
      [prose('See:'), code('x = ')]
    ],
    ['an empty block', '```python\n```', [code('')]],
    ['line ends of Windows', 'A\r\n```python\r\nx\r\n```\r\n', [prose('A'), code('x')]],
    [
      'longer fences around shorter ones',
      '````python\n"""\n```\n"""\n````',
      [code('"""\n```\n"""')]
    ],
    ['an info string that says more', '```python {1,2} title="a"\nx\n```', [code('x')]],
    [
      'code in a list',
      '1. Do:\n\n   ```python\n   if x:\n       y\n   ```\n2. End',
      [prose('1. Do:'), code('if x:\n    y'), prose('2. End')]
    ],
    [
      'code deep in a list',
      '- a\n    - b\n\n      ```python\n      x\n      ```',
      [prose('- a\n    - b'), code('x')]
    ],
    [
      'first lines that are indented',
      '    x = 1\n\nabove is code',
      [prose('    x = 1\n\nabove is code')]
    ]
  ])('%s', (_, answer, cells) => {
    expect(answerCells(answer, 'python')).toEqual(cells);
  });

  test('leaves what cannot be run in the prose, as it is', () => {
    const answer =
      'It prints\n\n```text\n```python is not opened here\n3\n```\n\n> ```python\n> x\n> ```\n';
    expect(answerCells(answer, 'python')).toEqual([prose(answer.trim())]);
    expect(answerCells('```json\n{}\n```', 'python')).toEqual([prose('```json\n{}\n```')]);
  });

  test('a quoted block ends where its fence does', () => {
    const answer = '> ```python\n> x\n> ```\n\n```python\ny\n```';
    expect(answerCells(answer, 'python')).toEqual([prose('> ```python\n> x\n> ```'), code('y')]);
  });

  test('gives IPython what another language needs', () => {
    expect(answerCells('```bash\npip list\n```', 'python')).toEqual([code('%%bash\npip list')]);
    expect(answerCells('```bash\nls\n```', 'r')).toEqual([prose('```bash\nls\n```')]);
    expect(answerCells('```r\nx <- 1\n```', 'r')).toEqual([code('x <- 1')]);
    expect(answerCells('```bash\nls\n```', 'bash')).toEqual([code('ls')]);
  });
});

test('a block that the user chose is taken whatever its language', () => {
  expect(chosenCell('x = 1', 'python', 'python')).toEqual(code('x = 1'));
  expect(chosenCell('{}', 'json', 'python')).toEqual(code('{}'));
  expect(chosenCell('# A', 'md', 'python')).toEqual(prose('# A'));
});
