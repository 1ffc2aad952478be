/**
 * A renderer whose frames the test paints.
 */
import type { IStreamingText } from '../../markdown';
import { codePoints, sliceCodePoints } from '../../protocol/text';

export class PageText implements IStreamingText {
  /** What is on the page. */
  page = '';
  isFinished = false;

  append(text: string): void {
    this._held += text;
    this.isFinished = false;
  }

  setText(text: string): void {
    this._held = text;
  }

  /** A frame passes. */
  paint(): void {
    if (!this._isFrozen) {
      this.page = this._held;
    }
  }

  freeze(): void {
    this._isFrozen = true;
  }

  get shown(): number {
    return codePoints(this.page);
  }

  truncate(points: number): void {
    this._held = this.page = sliceCodePoints(this._held, 0, points);
  }

  finish(): Promise<void> {
    this._isFrozen = false;
    this.isFinished = true;
    this.paint();
    return Promise.resolve();
  }

  dispose(): void {
    this.page = this._held = '';
  }

  private _held = '';
  private _isFrozen = false;
}
