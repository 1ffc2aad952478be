/**
 * The contract between a message and whatever puts its text on the page.
 *
 * Owns the interface alone; `streaming.ts` and `plaintext.ts` implement it.
 */

/** Text that grows on the page while it is being generated. */
export interface IStreamingText {
  /** Add text at the end; cheap, puts it on the page within a frame. */
  append(text: string): void;

  /** Replace the whole text, as a snapshot does; an extension of the held text is appended. */
  setText(text: string): void;

  /** Stop rendering at once: no DOM change happens after it, until `truncate` or `finish`. */
  freeze(): void;

  /** Length of the text that is visible now, in code points. */
  readonly shown: number;

  /** Set the final kept length, in code points; only the blocks concerned are rendered again. */
  truncate(codePoints: number): void;

  /** Render all that is held; resolves once the DOM is final. */
  finish(): Promise<void>;

  /** Release everything; the host node is left empty. */
  dispose(): void;
}
