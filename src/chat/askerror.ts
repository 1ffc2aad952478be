/**
 * Why a question of another extension was not sent.
 */

/** Why a question cannot be sent. Those after `disposed` are about the cell that the answer is for. */
export type AskProblem =
  | 'empty'
  | 'running'
  | 'read_only'
  | 'no_profile'
  | 'reload_needed'
  | 'disposed'
  | 'no_notebook'
  | 'closed'
  | 'cell_gone'
  | 'cell_locked'
  | 'not_sent';

/** A question was not sent. */
export class AskError extends Error {
  constructor(readonly reason: AskProblem) {
    super(`The question was not sent: ${reason}`);
    this.name = 'AskError';
  }
}
