/**
 * The renderers of a chat's messages, and what each has been given.
 *
 * Owns the way of text from the transcript to the page, beside React: text is appended, frozen at a Stop,
 * and ended at its final length. Knows no events and no runs.
 */
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import type { IStreamingText } from './markdown';
import { codePoints } from './text';
import type { Channel } from './transcript';

interface IBinding {
  readonly messageId: string;
  readonly channel: Channel;
  readonly view: IStreamingText;
  /** All that the view holds. */
  given: string;
  isFinal: boolean;
}

export class TextViews {
  /**
   * Attach a renderer to a text.
   *
   * @param text - what there is.
   * @param isFinal - nothing will follow.
   */
  bind(
    messageId: string,
    channel: Channel,
    view: IStreamingText,
    text: string,
    isFinal: boolean
  ): IDisposable {
    const binding: IBinding = { messageId, channel, view, given: '', isFinal };
    this._bindings.add(binding);
    replace(binding, text);
    if (isFinal) {
      void view.finish();
    }
    return new DisposableDelegate(() => this._bindings.delete(binding));
  }

  /** Add text at the end. */
  append(messageId: string, channel: Channel, text: string): void {
    for (const binding of this._of(messageId, channel)) {
      binding.given += text;
      binding.view.append(text);
    }
  }

  /** Give the whole text anew, after a snapshot. */
  reset(messageId: string, channel: Channel, text: string): void {
    for (const binding of this._of(messageId, channel)) {
      replace(binding, text);
    }
  }

  /** Stop rendering a message, now. It gets no more text until `end` brings it up to date. */
  freeze(messageId: string): void {
    for (const binding of this._bindings) {
      if (binding.messageId === messageId) {
        binding.view.freeze();
      }
    }
  }

  /** Give the final text, which may be shorter or longer than what is shown. */
  end(messageId: string, channel: Channel, text: string): void {
    for (const binding of this._of(messageId, channel)) {
      if (binding.isFinal && text === binding.given) {
        continue;
      }
      binding.isFinal = true;
      if (text.length < binding.given.length && binding.given.startsWith(text)) {
        binding.given = text;
        binding.view.truncate(codePoints(text));
      } else {
        replace(binding, text);
      }
      void binding.view.finish();
    }
  }

  /** Code points on the page; of several renderers of one text the first counts. Null without one. */
  shown(messageId: string, channel: Channel): number | null {
    return this._of(messageId, channel)[0]?.view.shown ?? null;
  }

  private _of(messageId: string, channel: Channel): IBinding[] {
    return [...this._bindings].filter(
      binding => binding.messageId === messageId && binding.channel === channel
    );
  }

  private readonly _bindings = new Set<IBinding>();
}

function replace(binding: IBinding, text: string): void {
  if (text !== binding.given) {
    binding.given = text;
    binding.view.setText(text);
  }
}
