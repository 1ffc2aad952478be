/**
 * An answer as cells of a notebook: prose in Markdown cells, code in code cells, in the answer's order. Pure.
 */
import { FenceLines, fenceOpening, languageIn } from '../markdown';
import { isLanguage } from './codelanguages';

/** A cell to be added. */
export interface INewCell {
  readonly cell_type: 'code' | 'markdown';
  readonly source: string;
}

/** Languages for which IPython has a magic that runs a whole cell, with the magic's name. */
const CELL_MAGICS: Readonly<Record<string, string>> = {
  bash: 'bash',
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  javascript: 'javascript',
  js: 'javascript',
  html: 'html',
  latex: 'latex'
};

/**
 * The cell for one code block; null: its language is not one that the notebook can run.
 *
 * @param named - the block's language, as the model wrote it.
 * @param language - the kernel's, in lower case.
 */
function runnableCell(code: string, named: string, language: string): INewCell | null {
  if (isLanguage(named, language)) {
    return { cell_type: 'code', source: code };
  }
  const magic = language === 'python' ? CELL_MAGICS[named.toLowerCase()] : undefined;
  return magic === undefined ? null : { cell_type: 'code', source: `%%${magic}\n${code}` };
}

/** The cell for a code block that the user chose: Markdown as Markdown, anything else as code. */
export function chosenCell(code: string, named: string, language: string): INewCell {
  const runnable = runnableCell(code, named, language);
  if (runnable) {
    return runnable;
  }
  const isMarkdown = isLanguage(named, 'markdown');
  return { cell_type: isMarkdown ? 'markdown' : 'code', source: code };
}

/**
 * Split an answer into cells. Blocks that the notebook cannot run (output, JSON, quoted code) stay in the prose.
 *
 * @param language - the kernel's, in lower case.
 */
export function answerCells(markdown: string, language: string): readonly INewCell[] {
  const cells: INewCell[] = [];
  let prose: string[] = [];
  const flush = (): void => {
    const source = prose.join('\n').replace(/^(?:[ \t]*\n)+|\s+$/g, '');
    if (source.trim() !== '') {
      cells.push({ cell_type: 'markdown', source });
    }
    prose = [];
  };
  const lines = markdown.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const opening = fenceOpening(lines[at]);
    if (!opening) {
      prose.push(lines[at]);
      continue;
    }
    const indent = lines[at].indexOf(opening.marks);
    const end = closingLine(lines, at, indent);
    const code = lines.slice(at + 1, end).map(line => unindented(line, indent));
    const isOwnLine = lines[at].slice(0, indent).trim() === '';
    const cell = isOwnLine
      ? runnableCell(code.join('\n'), languageIn(opening.info), language)
      : null;
    if (cell) {
      flush();
      cells.push(cell);
    } else {
      prose.push(...lines.slice(at, end + 1));
    }
    at = end;
  }
  flush();
  return cells;
}

/** The line that closes the fence which line `at` opens; the number of lines where none does. */
function closingLine(lines: readonly string[], at: number, indent: number): number {
  const opening = fenceOpening(lines[at]);
  if (!opening) {
    return at;
  }
  // In a list the closing line is indented like the opening one, in a quote it has the quote's mark.
  const fence = new FenceLines(opening.marks, opening.info, indent > 0);
  for (let next = at + 1; next < lines.length; next++) {
    if (fence.closes(lines[next], lines[next + 1] ?? '')) {
      return next;
    }
  }
  return lines.length;
}

function unindented(line: string, indent: number): string {
  return line.slice(Math.min(indent, line.length - line.trimStart().length));
}
