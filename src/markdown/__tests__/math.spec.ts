import { findMath, paint, restore } from '../math';

const formulas = (source: string) => findMath(source).formulas.map(({ tex }) => tex);

describe('findMath', () => {
  it.each([
    ['a \\(x_1\\) b', ['x_1']],
    ['是\\(x\\)，则\\[y\\]', ['x']],
    ['text \\[ a + b \\] more', ['a + b']],
    ['1. zero:\n   \\[\n   2ax\n   \\]\n', ['2ax']],
    ['> \\[\n> e^x\n> = 1\n> \\]\n', ['e^x\n= 1']],
    ['$$\na\n# b\n$$', ['a\n# b']],
    ['$a$ and $b + c$.', ['a', 'b + c']],
    ['the $n$th', ['n']],
    ['$\\text{a $b$ c}$', ['\\text{a $b$ c}']],
    [
      '\\begin{align}\na &= b \\\\[4pt]\n\\end{align}',
      ['\\begin{align}\na &= b \\\\[4pt]\n\\end{align}']
    ],
    ['\\\\(a_b\\\\)', ['a_b']],
    ['\\(a \\\\[4pt] b\\)', ['a \\\\[4pt] b']],
    ['$O(n \\log n)$, $O(n^2)$, $k$-means', ['O(n \\log n)', 'O(n^2)', 'k']],
    ['$x$，$y$。', ['x', 'y']],
    ['（其中$n\\in\\mathbb{N}$）“$\\alpha$”', ['n\\in\\mathbb{N}', '\\alpha']],
    ['| $|x|$ | $P(A|B)$ |', ['|x|', 'P(A|B)']],
    ['得 $$x^2=0$$ 。', ['x^2=0']],
    [
      'Hence $(x_n)$ and $x_i$s, $dy/dx$, $2ab$, $1,000$',
      ['(x_n)', 'x_i', 'dy/dx', '2ab', '1,000']
    ],
    ['the $loss$ and $f(speed)$', ['loss', 'f(speed)']],
    ['$$\na = b\n\nc = d\n$$\n', ['a = b\nc = d']],
    [
      '\\begin{align}\nx &= 1 \\\\\n\ny &= 2\n\\end{align}',
      ['\\begin{align}\nx &= 1 \\\\\ny &= 2\n\\end{align}']
    ],
    ['> \\[\n> a = b\n>\n> c = d\n> \\]', ['a = b\nc = d']],
    ['\\( open, and \\(a\\) is closed', ['a']]
  ])('finds the formulas in %j', (source, found) => {
    expect(formulas(source)).toEqual(found);
  });

  it.each([
    'Q1 ($100K), Q2 ($115K), and the total ($215K).',
    'from $5 to $10 per month; $20/month, billed at $192 (save $48)',
    '| Basic | $5 | $1.25 |',
    '$1,250.00 - $250.00 = $1,000.00',
    'US$5 and HK$6$ or $20/month (or $X)',
    'set $PATH and $HOME, then $JAVA_HOME/bin on $PATH',
    'export PATH=$PATH:$HOME/bin',
    '$env:USERPROFILE and ${env:ProgramFiles(x86)}, $env:A;$env:B',
    '$(CC) and $@ are, $(CC) $(CFLAGS), $(A)$(B)',
    'df$name and df$value',
    '\\$5 and \\$6$',
    '价格是$5和$10。',
    '`$a$` and ``\\(x\\)``',
    '```\n$a$ \\(b\\)\n```\n',
    '- item\n  ```sh\n  echo $a$b$\n  ```\n',
    'a [link\\] and \\[1\\], \\[a-z\\]+',
    'the pattern \\(\\d+\\) matches',
    'open \\(x\n\nclosed \\)',
    'kill $$ and use $$',
    'use $!, $$ and $0. In Perl, $hash{key} and $_; in a Makefile $< $^ $(SRC) $$HOME',
    '$scope.$apply(), $http.get(), Regex ^abc$ and foo$|bar$',
    "$('#id').click(), $(document).ready(function() {}), $.ajax()",
    '$user->name, $this->items and $_GET',
    'US$100, A$200, $-5, -$5, $(5), $5-$10, $5M–$10M',
    '- $20 = 2 x $10\n- 5$ and 10$',
    'head = $A\n# title, b$ and $c\n| d$ |',
    '$HOME; export PATH=$PATH:/bin, $1 $2 "$@", ($AAPL)/($TSLA)',
    '$$\n\nSome prose about money, then more.\n\n$$',
    '@\\[\\\\\\]^_'
  ])('finds none in %j', source => {
    expect(formulas(source)).toEqual([]);
  });

  it('keeps offsets, and puts formulas back', () => {
    const source = 'a $b$ and \\[ c \\] and $c';
    const { formulas: found, open } = findMath(source);
    expect(paint(source, found)).toHaveLength(source.length);
    expect(restore(paint(source, found), found)).toBe(source);
    expect(open).toBe(source.lastIndexOf('$'));
    expect(findMath('a \\[ b\n\nc').open).toBe(-1);
  });

  it('takes time in proportion to the source', () => {
    for (const unit of ['\\(', '$', '$a', '`', '\\[ ', '$$ ', '{', '` `` ', '\\begin{align}']) {
      findMath(unit.repeat(20_000));
    }
  });
});
