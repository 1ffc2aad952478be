/**
 * Where the code of a cell came from: the chat, the message, the model, in the cell's metadata.
 */
import type { ISharedCell } from '@jupyter/ydoc';
import type { Message, RunInfo } from '../protocol/generated';

const KEY = 'stream_chat';

/** What a cell's metadata says; `seed` is null where the profile's own was used, or none. */
export interface IProvenance {
  readonly chat: string;
  readonly message: string;
  readonly model: string;
  readonly seed: number | null;
}

/** Write down where the code of a cell came from. */
export function setProvenance(cell: ISharedCell, message: Message, run: RunInfo): void {
  const about: IProvenance = {
    chat: run.chat_id,
    message: message.message_id,
    model: run.model,
    seed: run.parameters?.seed ?? null
  };
  cell.setMetadata(KEY, { ...about });
}

/** Where the code of a cell came from; null: its metadata does not say. */
export function provenanceOf(cell: ISharedCell): Pick<IProvenance, 'chat' | 'message'> | null {
  const about = cell.getMetadata(KEY) as Partial<IProvenance> | undefined;
  return typeof about?.chat === 'string' && typeof about.message === 'string'
    ? { chat: about.chat, message: about.message }
    : null;
}
