/**
 * Text on the page while it streams: incremental Markdown and plain text.
 */

export type { IStreamingText } from './text';
