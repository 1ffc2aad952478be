import { type EditorLanguageRegistry, jupyterHighlightStyle } from '@jupyterlab/codemirror';

import { CodeStream } from '../codestream';
import { createLanguages, structure } from './markdown-env';
import { randomPieces } from './pieces';

const PYTHON = `import os


class Reader:
    """Reads files.

    More about it, over
    some lines.
    """

    def __init__(self, path: str, *, limit=10) -> None:
        self.path = path  # where
        self.text = f"{path!r} and {limit + 1:>4}"

    async def read(self):
        with open(self.path) as file:
            return [line.strip() for line in file if line not in ('''a''', "b")]

`;

const SAMPLES: Record<string, string> = {
  python: PYTHON.repeat(8),
  javascript:
    '/* a comment\n over\n lines */\nconst a = `one\n${b + `in ${c}`}\ntwo`;\nclass A extends B { #x = /re[/]x/g; }\n'.repeat(
      30
    ),
  html: '<div class="a">\n<script>\nlet a = 1;\n</script>\n<style>\np { color: red }\n</style>\n</div>\n'.repeat(
    20
  ),
  ruby: 'def f(x)\n  puts "a #{x}"\n  <<~END\n    text\n  END\nend\n'.repeat(40),
  sh: 'for f in *.txt; do\n  echo "$f" | sed "s/a/b/"\ndone\ncat <<EOF\ntext $HOME\nEOF\n'.repeat(
    30
  ),
  json: '{\n  "a": [1, 2, {"b": null}],\n  "c": "d"\n}\n'.repeat(20),
  'text/plain': 'just text\nof lines\n'
};

let languages: EditorLanguageRegistry;

beforeAll(() => {
  languages = createLanguages();
});

/** Stream code by complete lines, several at a time. */
async function stream(language: string, code: string, seed: number) {
  const parser = (await languages.getLanguage(language))!.support!.language.parser;
  const element = document.createElement('code');
  const stream = new CodeStream(element);
  stream.setStyle({ parser, highlighter: jupyterHighlightStyle });
  let held = '';
  let first = true;
  for (const piece of randomPieces(code, seed, 120)) {
    held += piece;
    const end = held.lastIndexOf('\n');
    if (end >= 0) {
      stream.append((first ? '' : '\n') + held.slice(0, end));
      first = false;
      held = held.slice(end + 1);
    }
    stream.showPartial(held === '' ? '' : '\n' + held);
  }
  stream.finish();
  return { element, stream };
}

describe('CodeStream', () => {
  it.each(Object.entries(SAMPLES))(
    'gives %s the text and colours of JupyterLab',
    async (language, code) => {
      const expected = document.createElement('code');
      await languages.highlight(code.replace(/\n$/, ''), languages.findBest(language), expected);
      for (const seed of [1, 2, 3]) {
        const { element } = await stream(language, code, seed);
        expect(element.textContent).toBe(expected.textContent);
        expect(structure(element)).toBe(structure(expected));
      }
    }
  );

  it('writes each character once or little more', async () => {
    const code = PYTHON.repeat(30);
    const { stream: written } = await stream('python', code, 1);
    expect(written.written).toBe(code.length - 1);
  });

  it('shows the incomplete line, and puts its colours in when it is complete', async () => {
    const parser = (await languages.getLanguage('python'))!.support!.language.parser;
    const element = document.createElement('code');
    const stream = new CodeStream(element);
    stream.setStyle({ parser, highlighter: jupyterHighlightStyle });
    stream.showPartial('ret');
    stream.showPartial('return 1');
    expect(element.innerHTML).toBe('return 1');
    stream.append('return 1');
    expect(element.querySelector('span')!.textContent).toBe('return');
  });

  it('puts markup on the page as text', () => {
    const element = document.createElement('code');
    const stream = new CodeStream(element);
    stream.showPartial('<img src=x>');
    stream.append('<img src=x>\n<b>');
    stream.finish();
    expect(element.children).toHaveLength(0);
  });

  it('keeps the nodes of lines that are written', async () => {
    const parser = (await languages.getLanguage('python'))!.support!.language.parser;
    const element = document.createElement('code');
    const stream = new CodeStream(element);
    stream.setStyle({ parser, highlighter: jupyterHighlightStyle });
    stream.append('def f():\n    pass');
    const span = element.querySelector('span')!;
    for (let line = 0; line < 200; line += 1) {
      stream.append(`\nx${line} = ${line}`);
    }
    stream.finish();
    expect(element.querySelector('span')).toBe(span);
  });
});
