import { CodeFilter } from '../codefilter';
import { cellMagicOf } from '../codelanguages';

function filtered(answer: string, size: number, language = 'python', changed = ''): string {
  const filter = new CodeFilter(language, cellMagicOf(changed));
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
  ['empty lines at the end of a block', '```python\nx = 1\n\n```', 'x = 1\n'],
  [
    'line breaks of Windows',
    'So:\r\n\r\n```python\r\nif x:\r\n\ty()\r\n```\r\nDone.\r\n',
    'if x:\n\ty()'
  ],
  ['a carriage return alone', '```python\rx = 1\ry = 2\r```\r', 'x = 1\ny = 2'],
  ['code indented by tabs', '```python\nif x:\n\ty()\n\t\tz()\n```', 'if x:\n\ty()\n\t\tz()'],
  [
    'a block deep in a list',
    '10. Do:\n\n    ```python\n    if x:\n        y()\n    ```\n\n11. Done.',
    'if x:\n    y()'
  ],
  ['a block indented by a tab', '- Do:\n\n\t```python\n\tif x:\n\t\ty()\n\t```', 'if x:\n\ty()'],
  [
    'a fence in a docstring',
    '```python\ndef f():\n    """\n    ```\n    f()\n    ```\n    """\n```',
    'def f():\n    """\n    ```\n    f()\n    ```\n    """'
  ],
  ['code in a line of prose', '```pip install x``` first.\n\n```python\nimport x\n```', 'import x'],
  ['attributes of a fence', '```python title="a.py"\nx = 1\n```', 'x = 1'],
  ['a fence and nothing in it', 'See:\n```python\n```\nNothing.', ''],
  ['an opening fence alone', '```python', ''],
  ['a cell magic', '```python\n%%time\nx = 1\n```', '%%time\nx = 1']
];

describe.each(CASES)('%s', (_, answer, code) => {
  test.each([1, 2, 3, 7, 1000])('in pieces of %i', size => {
    expect(filtered(answer, size)).toBe(code);
  });
});

const MAGICS: [string, string, string, string][] = [
  ['in the language of the magic', '%%bash\nls', '```bash\nls -l\n```', '%%bash\nls -l'],
  ['the magic included', '%%bash\nls', '```bash\n%%bash -e\nls -l\n```', '%%bash -e\nls -l'],
  ['in no language', '%%sql db\nselect 1', '```\nselect 2\n```', '%%sql db\nselect 2'],
  ['for a file', '%%writefile a.py\nx = 1', '```python\nx = 2\n```', '%%writefile a.py\nx = 2'],
  ['in the language of the kernel', '%%bash\nls', '```python\nimport os\n```', 'import os'],
  ['without a magic that is timing', '%%time\nx = 1', '```python\nx = 2\n```', 'x = 2'],
  ['in an alias', '%%sh\nls', '```shell\nls -l\n```', '%%sh\nls -l'],
  ['with a line magic', '%%sql\nselect 1', '```sql\n%time\n```', '%%sql\n%time']
];

describe.each(MAGICS)('a change of a cell with a magic, %s', (_, changed, answer, code) => {
  test.each([1, 3, 1000])('in pieces of %i', size => {
    expect(filtered(answer, size, 'python', changed)).toBe(code);
  });
});

test('a very long answer in small pieces takes time by its length', () => {
  const long = `x = '${'a'.repeat(200_000)}'\n${'y = 1\n'.repeat(50_000)}z = 2`;
  expect(filtered(`\`\`\`python\n${long}\n\`\`\``, 40)).toBe(long);
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
