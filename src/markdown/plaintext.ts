/**
 * Plain text on the page while it streams: what users write, and answers shown without Markdown.
 */

import { codePoints, sliceCodePoints } from '../protocol/text';
import { FlushScheduler, type ScheduleFrame } from './schedule';
import { showControls } from './signs';
import type { IStreamingText } from './text';

export interface IPlainTextOptions {
  /** Element to fill; its content is this object's alone. */
  node: HTMLElement;
  scheduleFrame?: ScheduleFrame;

  /** The page has changed; `length` is the code points visible now. */
  onRendered?: (length: number) => void;
}

/** A text node is kept to about this many UTF-16 units, so that layout stays local. */
const NODE_LENGTH = 4000;

export class PlainText implements IStreamingText {
  constructor(private readonly _options: IPlainTextOptions) {
    this._scheduler = new FlushScheduler(() => this._flush(), _options.scheduleFrame);
    _options.node.replaceChildren();
  }

  append(text: string): void {
    if (text !== '' && !this._sealed) {
      this._text += text;
      this._incoming += text;
      this._request();
    }
  }

  setText(text: string): void {
    this._sealed = false;
    this._text = text;
    this._reconcile();
  }

  freeze(): void {
    this._frozen = true;
    this._scheduler.cancel();
  }

  get shown(): number {
    return this._points;
  }

  truncate(points: number): void {
    this._sealed = true;
    this._frozen = false;
    this._text = sliceCodePoints(this._text, 0, points);
    this._reconcile();
  }

  finish(): Promise<void> {
    this._frozen = false;
    this._reconcile();
    this._scheduler.cancel();
    this._flush();
    return Promise.resolve();
  }

  dispose(): void {
    this.freeze();
    this._sealed = true;
    this._options.node.replaceChildren();
  }

  private _request(): void {
    if (!this._frozen) {
      this._scheduler.request();
    }
  }

  private _reconcile(): void {
    if (this._frozen) {
      return;
    }
    if (!this._text.startsWith(this._written)) {
      this._options.node.replaceChildren();
      this._written = '';
      this._points = 0;
    }
    this._incoming = this._text.slice(this._written.length);
    this._request();
  }

  private _flush(): void {
    const text = this._incoming;
    if (text === '') {
      return;
    }
    this._incoming = '';
    const last = this._options.node.lastChild;
    const shown = showControls(text);
    if (last instanceof Text && last.length < NODE_LENGTH) {
      last.appendData(shown);
    } else {
      this._options.node.append(shown);
    }
    this._written += text;
    this._points += codePoints(text);
    this._options.onRendered?.(this._points);
  }

  private readonly _scheduler: FlushScheduler;
  private _text = '';
  private _written = '';
  private _incoming = '';
  private _points = 0;
  private _frozen = false;
  private _sealed = false;
}
