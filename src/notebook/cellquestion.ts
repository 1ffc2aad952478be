/**
 * The question that asks for the code of a cell: what the user wants, and the cells that ran before it. Pure.
 */
import type { ISharedNotebook } from '@jupyter/ydoc';

/** Characters of earlier cells that are sent at most; the newest are kept. */
const CONTEXT_LIMIT = 12_000;

/** Code cells that ran. */
export interface IContext {
  readonly sources: readonly string[];
  /** Cells left out because the text would be too long. */
  readonly omitted: number;
}

/** The code cells above a place that ran, in their order. */
export function cellsBefore(notebook: ISharedNotebook, index: number): IContext {
  const ran = notebook.cells
    .slice(0, index)
    .filter(cell => 'execution_count' in cell && cell.execution_count !== null)
    .map(cell => cell.getSource())
    .filter(source => source.trim() !== '');
  let room = CONTEXT_LIMIT;
  let first = ran.length;
  while (first > 0 && ran[first - 1].length <= room) {
    first -= 1;
    room -= ran[first].length;
  }
  return { sources: ran.slice(first), omitted: first };
}

/** The text of the question. */
export function cellQuestion(
  instruction: string,
  language: string,
  { sources, omitted }: IContext
): string {
  const parts = [
    instruction.trim(),
    `Write the code of one notebook cell in ${language}. Answer with one fenced code block.`
  ];
  if (sources.length > 0) {
    const left = omitted > 0 ? ` (${omitted} earlier cells are left out)` : '';
    const fence = '`'.repeat(Math.max(3, longestRun(sources) + 1));
    parts.push(
      `These cells ran before it${left}:`,
      ...sources.map(source => `${fence}${language}\n${source}\n${fence}`)
    );
  }
  return parts.join('\n\n');
}

/** The longest run of backticks: a fence around must be longer. */
function longestRun(sources: readonly string[]): number {
  const runs = sources.flatMap(source => source.match(/`+/g) ?? []);
  return Math.max(0, ...runs.map(run => run.length));
}
