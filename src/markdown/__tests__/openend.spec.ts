import { openEnd } from '../openend';

const LONG_NAME = 'see _private and the other names that a module has';
const LINK = '[link](http://a.test/x)';

describe('openEnd', () => {
  it.each([
    ['a **bold', 'a **bold**'],
    ['a **bo*', 'a **bo**'],
    ['a **', 'a '],
    ['***x', '***x***'],
    ['a __x', 'a '],
    ['call __init', 'call '],
    ['call __init__ ', 'call __init__ '],
    ['_下划_文', ''],
    ['a _word and', 'a '],
    [LONG_NAME, LONG_NAME],
    [
      '_Note: a sentence that is in italics to its end',
      '_Note: a sentence that is in italics to its end_'
    ],
    ['f(*args, **kwargs', 'f(*args, '],
    ['f(*args, **kwargs)', 'f(*args, **kwargs)'],
    ['*.p', ''],
    ['^_^ x', '^_^ x'],
    ['\\s*, x', '\\s*, x'],
    ['**甲****乙', '**甲****乙**'],
    ['`` `x', '`` `x ``'],
    ['Dear [Your Na', 'Dear [Your Na'],
    ['Dear [Yo', 'Dear '],
    ['a [b] and [c', 'a [b] and [c'],
    ['[1] and [docs', '[1] and docs'],
    ['a [2][3', 'a [2]'],
    ['[["a", "b', '[["a", "b'],
    ['\x1b[31m', '\x1b[31m'],
    ['x \\\\', 'x '],
    ['\\&', '\\&'],
    ['put <div class="x">', 'put '],
    ['a_b_c', 'a_b_c'],
    ['~~str', '~~str~~'],
    ['~5 min, ~', '~5 min, '],
    ['**「重', '**「重**'],
    ['**a `b', '**a `b`**'],
    ['`co', '`co`'],
    ['a ``', 'a '],
    ['[link', 'link'],
    ['[link](http://x', 'link'],
    [LINK, LINK],
    ['see ![pic](da', 'see '],
    ['use <keyw', 'use '],
    ['a < b', 'a < b'],
    ['a\\', 'a'],
    ['&am', ''],
    ['- **a', '- **a**'],
    ['press <kbd>Ent', 'press <kbd>Ent</kbd>'],
    ['press <kbd>', 'press '],
    ['**a <b>c', '**a <b>c</b>**'],
    ['H<sub>2</sub>O', 'H<sub>2</sub>O'],
    ['a <b c> d', 'a <b c> d'],
    ['x<sub>2</', 'x<sub>2</sub>'],
    ['a[i', 'a[i'],
    ['a [1', 'a '],
    ['a[^1', 'a'],
    ['a[1](http://x', 'a1'],
    ['\\*', '\\*'],
    ['a\\\n', 'a'],
    ['**a\n', '**a**'],
    ['` `` ', '` `` `'],
    ['costs $5–$', 'costs $5–'],
    ['see $x$', 'see '],
    ['see $x$ ', 'see $x$ '],
    ['H$', 'H'],
    ['text \\begin{ali', 'text '],
    ['P(A|B', 'P(A|B'],
    ['| `a|b', ''],
    ['cmd \\<fi', 'cmd \\<fi'],
    ['***a** b', '***a** b*'],
    ['*斜**粗', '*斜**粗***'],
    ['int *p, char **q, (*f', 'int *p, char **q, (*f*'],
    ['COUNT(*) of', 'COUNT(*) of'],
    ['src/**/x', 'src/**/x'],
    ['or **/', 'or '],
    ['**a**/**b', '**a**/**b**'],
    ['or <span>,', 'or '],
    ['or <span>, then', 'or <span>, then'],
    ['a <kbd>,</kbd>', 'a <kbd>,</kbd>'],
    ['a [\\(a\\)', 'a '],
    ['a [\\(a\\), b', 'a [\\(a\\), b'],
    ['costs $1,', 'costs '],
    ['$(0,1', '']
  ])('closes or holds back what is open in the text %j', (source, shown) => {
    expect(openEnd(source).text).toBe(shown);
  });

  it.each([
    ['- ', ''],
    ['- [ ', ''],
    ['12.', ''],
    ['# ', ''],
    ['text\n==', 'text\n'],
    ['> [!NO', ''],
    ['[docs]: ht', ''],
    ['[^1]: ', ''],
    ['| a | b |', ''],
    ['| a | b |\n|--', ''],
    ['| a | b |\n|--|--|\n', '| a | b |\n|--|--|\n'],
    ['| a | b |\n|--|--|\n| x | **y', '| a | b |\n|--|--|\n| x | **y**'],
    ['| a | b |\n', ''],
    ['a | b\n--', 'a'],
    ['Use a | b', 'Use a'],
    ['So |x| = \\', 'So'],
    ['- 9:00 | x', '- 9:00 | x'],
    ['~~~py\nx = "```"\n~~~\n', '~~~py\nx = "```"\n~~~\n'],
    ['| a | b |\n|--|--|\n|', '| a | b |\n|--|--|\n'],
    ['| a | b |\n|--|--|\n| `x|y', '| a | b |\n|--|--|\n| `x|y`'],
    ['> [', ''],
    ['- [x] **', ''],
    ['1. \\', ''],
    ['# `', ''],
    ['> a\n> ```\n> ', '> a\n'],
    ['- ~~~\n  ```\n  ~~~\n  after', '- ~~~\n  ```\n  ~~~\n  after'],
    ['1. a\n\n   ```py', '1. a\n\n'],
    ['1. a\n\n   ```py\n   x = 1\n   ``', '1. a\n\n   ```py\n   x = 1\n']
  ])('holds back a line that is not decided in %j', (source, shown) => {
    expect(openEnd(source).text).toBe(shown);
  });

  it('leaves a place for a formula of its own, and none for one in the text', () => {
    expect(openEnd('x\n\\[\na')).toEqual({ text: 'x\n', shown: 2, hasOpenFormula: true });
    expect(openEnd('1. x\n   $$\n   a')).toEqual({
      text: '1. x\n   ',
      shown: 5,
      hasOpenFormula: true
    });
    expect(openEnd('> x\n> \\[\n> a').hasOpenFormula).toBe(true);
    expect(openEnd('x \\(a')).toEqual({ text: 'x ', shown: 2, hasOpenFormula: false });
    expect(openEnd('costs $5 and then some').text).toBe('costs $5 and then some');
  });
});
