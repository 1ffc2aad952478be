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
    ['\\( open, and \\(a\\) is closed', ['a']],
    ['H$_2$O, x$^2$, 10$^{-3}$ m, 90$^\\circ$C', ['_2', '^2', '^{-3}', '^\\circ']],
    ['SO$_4^{2-}$和Fe$^{3+}$, 5$\\times$10$^3$', ['_4^{2-}', '^{3+}', '\\times', '^3']],
    ['The price is $5 when $x = 3$, and $10 when $x > 5$.', ['x = 3', 'x > 5']],
    ['**$5** for **$n$ items**, *$5* and *$x$*, <b>$5</b> and <i>$x$</i>', ['n', 'x', 'x']],
    ['Between $5 and $10 (or $7.50), where $p$ is it', ['p']],
    ['价格为$100，公式$E=mc^2$，另有$200；设$a$为$1$元', ['E=mc^2', 'a', '1']],
    ['R$5 e R$10; $x$ em R$: US$ 3,50', ['x']],
    ['$\\$5 + \\$10$ and $\\text{cost} = \\$5$', ['\\$5 + \\$10', '\\text{cost} = \\$5']],
    ['$C = 5x + 10$ dollars: $5 per unit plus $10 fixed', ['C = 5x + 10']],
    ['- $0.50 per $kg$\n- $5: small\n- $x$: unknown', ['kg', 'x']],
    ['$1 < x < 5$ and $10 > y$. $3.50 < $5.', ['1 < x < 5', '10 > y']],
    ['$$a$$，其中$$b$$为常数', ['a', 'b']]
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
    '@\\[\\\\\\]^_',
    'R$ 10,00 a R$ 20,00, US$5–US$10, NT$300, HK$ 50, ¥100–¥200, €5, 5€–10 €',
    '$5–10, 5–10$, $5k-$10k, $1.5M to $2M, $100/mo → $1,200/yr; $0.02/1K',
    'Is $5>$3? $5<$6, $5=$5, $5*2=$10, $5/$10, $5+$3, $5 × 2 = $10',
    '"$5" or \'$6\' and ($7) [$8] {$9} $10. $11! $12? $13; $14: $15',
    'SQL: $1, $2; regex ^\\d+$ and $^',
    'Excel: =$A$1+$B$2, $A1, A$1, SUM($A$1:$A$10)',
    'df$_x and a$_b; user$^2; foo$_GET, $_.a; and $_, $_ | x$',
    'echo "Total: $((a + b))" and $(date +%Y) and ${arr[@]}',
    "Svelte $store, Vue $emit('x'), $refs.a, RxJS user$, data$",
    '1$ = 0.9€; 100$ - 50$ = 50$; 5 $ or 6 $.'
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
