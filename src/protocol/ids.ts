/**
 * Identifiers that the page makes: of chats, messages, runs and commands.
 */
import { UUID } from '@lumino/coreutils';

/** Make an identifier; works on plain http, where `crypto.randomUUID` does not exist. */
export function newId(): string {
  return UUID.uuid4();
}
