import { END_CLASS, Caret } from '../caret';

let root: HTMLElement;
let marker: Caret;

beforeEach(() => {
  root = document.createElement('div');
  marker = new Caret(root);
});

function markedIn(html: string): string | undefined {
  root.innerHTML = html;
  marker.mark();
  const marked = root.querySelectorAll(`.${END_CLASS}`);
  expect(marked.length).toBeLessThanOrEqual(1);
  return marked[0]?.id;
}

it('marks the innermost block that holds the last text', () => {
  expect(markedIn('<p>one</p><p id="end">two <em>three</em></p>')).toBe('end');
  expect(markedIn('<ul><li>a<ul><li id="end">b <code>c</code></li></ul></li></ul>')).toBe('end');
  expect(markedIn('<pre><code id="end">x = <span>1</span>\n</code></pre><div></div>')).toBe('end');
  expect(
    markedIn('<h2 id="end">Title<a class="jp-InternalAnchorLink">¶</a></h2><div> \n</div>')
  ).toBe('end');
});

it('marks nothing in an empty text', () => {
  expect(markedIn('<div></div>')).toBeUndefined();
});

it('marks nothing behind a formula on lines of its own', () => {
  const formula = '<span class="jp-StreamChat-formula jp-StreamChat-displayFormula">x</span>';
  expect(markedIn(`<p id="end">one ${formula}</p>`)).toBeUndefined();
  expect(
    markedIn('<p>one <span class="jp-StreamChat-openFormula">\u200b</span></p>')
  ).toBeUndefined();
  expect(markedIn(`<p id="end">one ${formula} two</p>`)).toBe('end');
});

it('leaves no trace', () => {
  const html = '<p>one</p><p class="own">two</p>';
  markedIn(html);
  marker.clear();
  expect(root.innerHTML).toBe(html);
  root.innerHTML = '<p>one</p>';
  marker.mark();
  marker.clear();
  expect(root.innerHTML).toBe('<p>one</p>');
});
