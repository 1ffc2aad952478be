/**
 * What notebooks get of us: the renderer of `%chat`'s outputs, and answers as cells.
 */
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { AnswerRenderer, type IAnswerOptions, MIME_TYPE } from './answerrenderer';
import { ERROR_TYPE, ErrorOutput, type IErrorActions } from './erroroutput';

export { CellContext } from './cellcontext';
export { CellSessions } from './cellsessions';
export { ErrorActions } from './erroractions';
export { FixCells } from './fixcells';
export { Generate } from './generate';
export { InsertActions } from './insertactions';
export { NewDocuments } from './newdocument';
export { rewriteMarkdown } from './rewritemarkdown';
export { KeptSessions } from './resume';
export { addWhyCell } from './whycell';

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

/** Let errors in notebooks be explained and fixed. */
export function renderErrors(
  registry: IRenderMimeRegistry,
  actions: IErrorActions,
  trans: TranslationBundle
): void {
  registry.addFactory(
    {
      safe: true,
      mimeTypes: [ERROR_TYPE],
      createRenderer: options => new ErrorOutput(options, actions, trans)
    },
    RANK
  );
}
