import { CodeFilter } from '../codefilter';

function filtered(answer: string, size: number, language = 'python'): string {
  const filter = new CodeFilter(language);
  let code = '';
  for (let at = 0; at < answer.length; at += size) {
    code += filter.add(answer.slice(at, at + size));
  }
  return code + filter.end();
}

const FENCED =
  'Here is the code:\n\n```python\nimport os\n\nfor x in y:\n    print(x)\n```\n\nIt prints each one.';
const CODE = 'import os\n\nfor x in y:\n    print(x)';

const CASES: [string, string, string][] = [
  ['a fenced block between prose', FENCED, CODE],
  ['a block without a language', '```\nx = 1\n```', 'x = 1'],
  ['a block that is not closed', '```py\nx = 1\ny = 2', 'x = 1\ny = 2'],
  ['code without a fence', 'x = 1\n\ny = 2\n', 'x = 1\n\ny = 2'],
  ['a magic without a fence', '%matplotlib inline\nplt.plot(x)', '%matplotlib inline\nplt.plot(x)'],
  ['prose alone', 'I cannot do that: there is no table.\nAttach one.', ''],
  ['two blocks', '```python\na = 1\n```\nThen:\n```python\nb = 2\n```', 'a = 1\n\nb = 2'],
  [
    'a block of another language',
    'Install it:\n```bash\npip install x\n```\n```python\nimport x\n```',
    'import x'
  ],
  ['what the code prints', '```python\nprint(1)\n```\nOutput:\n```text\n1\n```', 'print(1)'],
  ['a fence inside a longer fence', '````python\ns = """\n```\n"""\n````', 's = """\n```\n"""'],
  ['tildes', '~~~python\nx = "```"\n~~~', 'x = "```"'],
  ['backticks that begin a line of code', '```python\nx = """\n`a`\n"""\n```', 'x = """\n`a`\n"""'],
  ['an indented block', '1. Do:\n   ```python\n   if x:\n       y()\n   ```', 'if x:\n    y()'],
  ['empty lines at the end of a block', '```python\nx = 1\n\n```', 'x = 1\n']
];

describe.each(CASES)('%s', (_, answer, code) => {
  test.each([1, 2, 3, 7, 1000])('in pieces of %i', size => {
    expect(filtered(answer, size)).toBe(code);
  });
});

test('code appears before its line is complete', () => {
  const filter = new CodeFilter('python');
  expect(filter.add('```python\nx = ')).toBe('x = ');
  expect(filter.add('1')).toBe('1');
});

test('a block of the kernel under its other names', () => {
  expect(filtered('```r\nx <- 1\n```', 3, 'r')).toBe('x <- 1');
  expect(filtered('```cpp\nint x;\n```', 3, 'c++')).toBe('int x;');
  expect(filtered('```bash\nls\n```', 3, 'bash')).toBe('ls');
});
