/**
 * What other extensions can ask JupyterLab for.
 */
import { Token } from '@lumino/coreutils';
import type { WorkspaceModel } from './chat/workspace';

/** The chats of this page, as the panel shows them. */
export type IStreamChat = WorkspaceModel;

export const IStreamChat = new Token<IStreamChat>(
  'jupyter-stream-chat:IStreamChat',
  'The chats of the Stream Chat panel: what is shown, and what a user can do.'
);
