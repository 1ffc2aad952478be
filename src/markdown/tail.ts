/**
 * The element of the block that is still open.
 *
 * It is rendered again as it grows. Text that can have no meaning in Markdown where it stands is written
 * straight behind the last word, so that most tokens cost one text node's change. How the tail looks is for the
 * moment only: the finished block is rendered from its source.
 */

import { createBlockNode } from './block';
import { lastText } from './end';
import { codePoints } from '../protocol/text';

// Characters that may begin or end markup within a line: without any, text is just text.
const PLAIN = /^[^\n\r*_`~[\]<)\\$|&@/]+$/;
const PLAIN_PARAGRAPH = /^\p{L}[^\n\r*_`~[\]<)\\$|&@/]*$/u;

// A line that holds a word is past the point where it could become a list item, a heading or a rule.
const SETTLED_LINE = /\p{L}{2}[^\n]*$/u;
const LAST_CHARACTERS = /[^\s]{1,4}([ \t]*)$/;
const GENERATED = 'a, .MathJax, mjx-container, svg';

/** Class of the text that waits for its rendering. */
export const WAITING_CLASS = 'jp-StreamChat-waiting';

export class OpenTail {
  readonly node = document.createElement('div');

  /** Code points of the tail's source that are visible. */
  points = 0;

  /** Length of the source that was last rendered, in UTF-16 units; 0 for an empty tail. */
  rendered = 0;

  /** Write `text` behind the last word; false if it needs a rendering. */
  tryWrite(text: string): boolean {
    if (this.points === 0) {
      return this._tryBegin(text);
    }
    if (this._word === null || !PLAIN.test(text)) {
      return false;
    }
    this._word.appendData(this._spaces + text);
    this._spaces = '';
    this.points += codePoints(text);
    return true;
  }

  /** Show text as it is, until the next rendering. */
  writePlain(text: string): void {
    if (this.tryWrite(text)) {
      return;
    }
    this._word = null;
    if (this._waiting === null) {
      this._waiting = document.createElement('div');
      this._waiting.className = WAITING_CLASS;
      this.node.append(this._waiting);
    }
    this._waiting.append(text);
    this.points += codePoints(text);
  }

  /** Show a rendering of the whole tail. */
  show(content: HTMLElement, source: string): void {
    this.clear();
    this.node.append(content);
    this.rendered = source.length;
    this.points = codePoints(source);
    this._findWord(content, source);
  }

  /** Show a tail of white space: nothing, but counted. */
  showBlank(source: string): void {
    this.clear();
    this.points = codePoints(source);
  }

  /** Show nothing. */
  clear(): void {
    this.node.replaceChildren();
    this.points = 0;
    this.rendered = 0;
    this._word = null;
    this._waiting = null;
    this._spaces = '';
  }

  /** Begin a paragraph without rendering: the first word of an answer waits for nothing. */
  private _tryBegin(text: string): boolean {
    if (!PLAIN_PARAGRAPH.test(text)) {
      return false;
    }
    const content = createBlockNode();
    const paragraph = document.createElement('p');
    paragraph.append(text);
    content.append(paragraph);
    this.show(content, text);
    return true;
  }

  /** Find the text node that the source's last word was rendered to, if it was rendered as plain text. */
  private _findWord(content: HTMLElement, source: string): void {
    const end = LAST_CHARACTERS.exec(source);
    const last = lastText(content);
    if (end === null || last === null || !SETTLED_LINE.test(source)) {
      return;
    }
    const [word, spaces] = end;
    if (last.data.endsWith(word.trimEnd()) && !last.parentElement?.closest(GENERATED)) {
      this._word = last;
      this._spaces = last.data.endsWith(word) ? '' : spaces;
    }
  }

  private _word: Text | null = null;
  private _waiting: HTMLElement | null = null;
  /** Spaces at the source's end, which the renderer has left out. */
  private _spaces = '';
}
