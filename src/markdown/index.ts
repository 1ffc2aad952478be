/**
 * Text on the page while it streams: incremental Markdown and plain text.
 */

export { warmUp } from './block';
export { addCopyButtons, type CodeActions, type ICodeBlock } from './codetoolbar';
export { FenceLines, fenceOpening, hasCode, languageIn } from './fenceline';
export { type IPlainTextOptions, PlainText } from './plaintext';
export type { ScheduleFrame } from './schedule';
export type { BlockKind } from './splitter';
export { type IStreamingMarkdownOptions, StreamingMarkdown } from './streaming';
export type { IStreamingText } from './text';
export { Typewriter } from './typewriter';
