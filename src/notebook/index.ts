/**
 * What notebooks get of us: the renderer of `%chat`'s outputs, and answers as cells.
 */
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { AnswerRenderer, type IAnswerOptions, MIME_TYPE } from './answerrenderer';

export { Generate } from './generate';
export { InsertActions } from './insertactions';
export { NewDocuments } from './newdocument';

/** Before Markdown (60), and whatever else a bundle of ours holds. */
const RANK = 20;

/** Let every notebook that is opened from now on show answers as they are written. */
export function renderAnswers(registry: IRenderMimeRegistry, options: IAnswerOptions): void {
  registry.addFactory(
    // Safe: the Markdown in it is sanitised as untrusted output is, and the server is asked by a nonce only.
    { safe: true, mimeTypes: [MIME_TYPE], createRenderer: () => new AnswerRenderer(options) },
    RANK
  );
}
