/**
 * The renderers of a chat's messages, and what each has been given.
 *
 * Owns the way of text to the page, beside React: text is appended, frozen at a Stop, and ended at its
 * final length. Knows no events and no runs.
 */
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import type { IStreamingText } from '../markdown';
import { codePoints } from '../protocol/text';
import type { Channel } from '../protocol/transcript';

interface IBinding {
  readonly view: IStreamingText;
  /** All that the view holds. */
  given: string;
  /** Nothing is to follow, and the view knows. */
  isEnded: boolean;
}

export class TextViews {
  /** Attach a renderer; it gets `text`, and what is appended. */
  bind(messageId: string, channel: Channel, view: IStreamingText, text: string): IDisposable {
    const key = keyOf(messageId, channel);
    const binding: IBinding = { view, given: '', isEnded: false };
    this._bindings.set(key, [...this._of(messageId, channel), binding]);
    replace(binding, text);
    return new DisposableDelegate(() => {
      const others = this._of(messageId, channel).filter(other => other !== binding);
      if (others.length > 0) {
        this._bindings.set(key, others);
      } else {
        this._bindings.delete(key);
      }
    });
  }

  /** Add text at the end. */
  append(messageId: string, channel: Channel, text: string): void {
    for (const binding of this._of(messageId, channel)) {
      binding.given += text;
      binding.isEnded = false;
      binding.view.append(text);
    }
  }

  /** Give the whole text anew, after a snapshot or an end that was none; more may follow. */
  reset(messageId: string, channel: Channel, text: string): void {
    for (const binding of this._of(messageId, channel)) {
      if (binding.isEnded) {
        binding.isEnded = false;
        binding.given = text;
        binding.view.setText(text); // the same text as well: at an end it is told to take no more
      } else {
        replace(binding, text);
      }
    }
  }

  /** Stop rendering, now. A frozen renderer wants no text until `end`. */
  freeze(messageId: string, channel: Channel): void {
    this._of(messageId, channel).forEach(({ view }) => view.freeze());
  }

  /** Give the final text, which may be shorter or longer than what is shown. */
  end(messageId: string, channel: Channel, text: string): void {
    for (const binding of this._of(messageId, channel)) {
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

  /** Code points on the page; of several renderers of one text the first counts. Null without one. */
  shown(messageId: string, channel: Channel): number | null {
    return this._of(messageId, channel)[0]?.view.shown ?? null;
  }

  private _of(messageId: string, channel: Channel): readonly IBinding[] {
    return this._bindings.get(keyOf(messageId, channel)) ?? [];
  }

  private readonly _bindings = new Map<string, readonly IBinding[]>();
}

const keyOf = (messageId: string, channel: Channel): string => `${messageId} ${channel}`;

function replace(binding: IBinding, text: string): void {
  if (text !== binding.given) {
    binding.given = text;
    binding.view.setText(text);
  }
}
