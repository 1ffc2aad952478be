/**
 * Where JupyterLab sees math in Markdown source.
 *
 * JupyterLab takes math out of the source before it parses Markdown, so `$a\n# b$` holds no heading. This
 * module finds the same stretches (the rules of `removeMath` in @jupyterlab/rendermime) but keeps every
 * offset: math is painted over, character by character. It renders nothing.
 */

/** Source with its math painted over. */
export interface IMaskedSource {
  /** The source, of equal length, each character of math replaced by `@`. */
  readonly text: string;

  /** Offset at which math is open at the end of the source; -1 when none is. */
  readonly open: number;
}

const FENCED_CODE = /^(`{3,}|~{3,})[^`\n]*\n[\s\S]*?^\1`*$/gm;
const CODE_SPAN = /(?:^|[^\\])(`+)[^\n]*?[^`\n]\1(?!`)/gm;
const MARK = /\$\$?|\\(?:begin|end)\{[a-z]*\*?\}|\\[{}$]|[{}]|\n\s*|@@\d+@@|\\\\[()[\]]/gi;
const BLANK_LINE = /\n.*\n/;
const CLOSING: Readonly<Record<string, string>> = {
  $: '$',
  $$: '$$',
  '\\\\(': '\\\\)',
  '\\\\[': '\\\\]'
};

/**
 * Paint over the math of some Markdown source.
 *
 * @param source lines ended by `\n` alone; a dollar sign inside closed code is none.
 */
export function maskMath(source: string): IMaskedSource {
  const { spans, open } = findMath(hideCodeDollars(source));
  let text = '';
  let position = 0;
  for (const [from, to] of spans) {
    text += source.slice(position, from) + '@'.repeat(to - from);
    position = to;
  }
  return { text: text + source.slice(position), open };
}

function hideCodeDollars(source: string): string {
  if (!source.includes('$')) {
    return source;
  }
  const hide = (code: string) => code.replace(/\$/g, 'S');
  return source.replace(FENCED_CODE, hide).replace(CODE_SPAN, hide);
}

function closingOf(mark: string): string | null {
  return mark.startsWith('\\begin')
    ? '\\end' + mark.slice('\\begin'.length)
    : (CLOSING[mark] ?? null);
}

/**
 * Find the stretches of math, in order.
 *
 * Math ends at its closing mark with balanced braces; at a blank line it ends at the last closing mark seen
 * within open braces, or was none.
 */
function findMath(source: string): { spans: [number, number][]; open: number } {
  const spans: [number, number][] = [];
  const mark = new RegExp(MARK);
  let start = -1;
  let closing: string | null = null;
  let candidate = -1;
  let braces = 0;
  const end = (to: number) => {
    spans.push([start, to]);
    mark.lastIndex = to;
    start = -1;
  };
  for (let match = mark.exec(source); match !== null; match = mark.exec(source)) {
    const found = match[0];
    if (found.startsWith('@')) {
      continue;
    }
    if (start < 0) {
      closing = closingOf(found);
      if (closing !== null) {
        start = match.index;
        candidate = -1;
        braces = 0;
      }
    } else if (found === closing) {
      if (braces > 0) {
        candidate = mark.lastIndex;
      } else {
        end(mark.lastIndex);
      }
    } else if (BLANK_LINE.test(found)) {
      if (candidate >= 0) {
        end(candidate);
      }
      start = -1;
    } else if (found === '{') {
      braces += 1;
    } else if (found === '}' && braces > 0) {
      braces -= 1;
    }
  }
  const open = start;
  if (start >= 0 && candidate >= 0) {
    spans.push([start, candidate]);
  }
  return { spans, open };
}
