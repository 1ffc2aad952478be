/**
 * Rows of tables in which code holds pipes that nobody has escaped.
 *
 * To GFM each pipe ends a cell, and what does not fit under the head is dropped: a reader would miss a part of the
 * row. Where the number of cells is not the head's the pipes in code are text.
 */

const PIPE = /(?<!\\)\|/g;
const CODE = /(`+)(?!`)[^\n]*?[^`]\1(?!`)/g;

/**
 * Escape the pipes in code where a row has not as many cells as `columns`, or is still being written: so may be the
 * last one, to which no end of a line belongs.
 */
export function escapePipesInCode(table: string, columns: number): string {
  if (!table.includes('`')) {
    return table;
  }
  const [head, dashes, ...rows] = table.split('\n');
  const mended = rows.map((row, index) => {
    const escaped = row.replace(CODE, escapePipes);
    const isLast = index === rows.length - 1;
    return cellsIn(row) !== columns ||
      isUnfinished(row, head) ||
      (isLast && cellsIn(escaped) < columns)
      ? escaped
      : row;
  });
  return [head, dashes, ...mended].join('\n');
}

/** Whether a row is still being written: it has no pipe at its end, and the head has. */
function isUnfinished(row: string, head: string): boolean {
  return /^\s*\|.*[^|\s]\s*$/.test(row) && /\|\s*$/.test(head);
}

function cellsIn(row: string): number {
  const inner = row
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return (inner.match(PIPE)?.length ?? 0) + 1;
}

function escapePipes(code: string): string {
  return code.replace(PIPE, '\\|');
}
