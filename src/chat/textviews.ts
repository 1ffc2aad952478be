/**
 * The renderers of a chat's messages, and what each has been given.
 *
 * Owns the way of text to the page, beside React: text is appended, frozen at a Stop, and ended at its
 * final length. A renderer belongs to a section of a message. Knows no events and no runs.
 */
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import type { IStreamingText } from '../markdown';
import { codePoints } from '../protocol/text';

interface IBinding {
  readonly section: string;
  readonly view: IStreamingText;
  /** All that the view holds. */
  given: string;
  /** Nothing is to follow, and the view knows. */
  isEnded: boolean;
}

export class TextViews {
  /** Attach a renderer; it gets `text`, and what is appended. */
  bind(messageId: string, section: string, view: IStreamingText, text: string): IDisposable {
    const binding: IBinding = { section, view, given: '', isEnded: false };
    this._bindings.set(messageId, [...this._all(messageId), binding]);
    replace(binding, text);
    return new DisposableDelegate(() => {
      const others = this._all(messageId).filter(other => other !== binding);
      if (others.length > 0) {
        this._bindings.set(messageId, others);
      } else {
        this._bindings.delete(messageId);
      }
    });
  }

  /** Whether something of a message is rendered. */
  isBound(messageId: string): boolean {
    return this._bindings.has(messageId);
  }

  /** Add text at the end. */
  append(messageId: string, section: string, text: string): void {
    for (const binding of this._of(messageId, section)) {
      binding.given += text;
      binding.isEnded = false;
      binding.view.append(text);
    }
  }

  /** Give the whole text anew, after a snapshot or an end that was none; more may follow. */
  reset(messageId: string, section: string, text: string): void {
    for (const binding of this._of(messageId, section)) {
      if (binding.isEnded) {
        binding.isEnded = false;
        binding.given = text;
        binding.view.setText(text); // the same text as well: at an end it is told to take no more
      } else {
        replace(binding, text);
      }
    }
  }

  /** Stop rendering a message, now. A frozen renderer wants no text until `end`. */
  freeze(messageId: string): void {
    this._all(messageId).forEach(({ view }) => view.freeze());
  }

  /** Give the final text, which may be shorter or longer than what is shown. */
  end(messageId: string, section: string, text: string): void {
    for (const binding of this._of(messageId, section)) {
      if (binding.isEnded && text === binding.given) {
        continue;
      }
      if (text.length < binding.given.length && binding.given.startsWith(text)) {
        binding.given = text;
        binding.view.truncate(codePoints(text));
      } else {
        replace(binding, text);
      }
      binding.isEnded = true;
      void binding.view.finish();
    }
  }

  /** Code points on the page; of several renderers of one text the one that shows most. Null without one. */
  shown(messageId: string, section: string): number | null {
    const all = this._of(messageId, section).map(({ view }) => view.shown);
    return all.length > 0 ? Math.max(...all) : null;
  }

  private _of(messageId: string, section: string): readonly IBinding[] {
    return this._all(messageId).filter(binding => binding.section === section);
  }

  private _all(messageId: string): readonly IBinding[] {
    return this._bindings.get(messageId) ?? [];
  }

  private readonly _bindings = new Map<string, readonly IBinding[]>();
}

function replace(binding: IBinding, text: string): void {
  if (text !== binding.given) {
    binding.given = text;
    binding.view.setText(text);
  }
}
