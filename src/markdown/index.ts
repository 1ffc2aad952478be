/**
 * Text on the page while it streams: incremental Markdown and plain text.
 */

export { warmUp } from './block';
export { addCopyButtons, type CodeActions, type ICodeBlock } from './codetoolbar';
export { FenceLines, fenceOpening, hasCode, languageIn } from './fenceline';
export { PlainText } from './plaintext';
export { StreamingMarkdown } from './streaming';
export type { IStreamingText } from './text';
export { Typewriter } from './typewriter';
