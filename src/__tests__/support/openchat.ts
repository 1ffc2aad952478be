/**
 * A page with chats on the server, one of them open, and messages for it.
 */
import type { Message, RunInfo } from '../../protocol/generated';
import { WorkspaceModel } from '../../chat/workspace';
import { profileInfo, runInfo, ScriptedServer } from './scriptedserver';

export const CHAT = 'chat-0001';
export const OTHER_CHAT = 'chat-0002';

export function question(id: string, parent?: string, siblings?: string[]): Message {
  return {
    message_id: id,
    chat_id: CHAT,
    parent_id: parent,
    role: 'user',
    author: 'Ada',
    content: [{ type: 'text', text: `${id}?` }],
    created_at: 1,
    runs: [],
    siblings
  };
}

/** An answer as a run wrote it; its changes say how that ended. */
export function answer(
  id: string,
  parent: string,
  text: string,
  changes: Partial<RunInfo> = { status: 'finished', finish_reason: 'stop' }
): Message {
  const run_id = `run-${id}`;
  return {
    ...question(id, parent),
    role: 'assistant',
    content: [{ type: 'text', text, run_id }],
    runs: [runInfo({ run_id, message_id: id, ...changes })]
  };
}

/** A page on which the chat is open. `server.say` a `chat_opened` next. */
export function openPage(server: ScriptedServer): WorkspaceModel {
  const workspace = new WorkspaceModel({
    serverSettings: server.settings,
    store: window.localStorage
  });
  workspace.switchTo(CHAT);
  workspace.connect();
  greet(server);
  return workspace;
}

/** What the server says first on a new connection. */
export function greet(server: ScriptedServer): void {
  server.hello();
  server.say({
    type: 'workspace_loaded',
    seq: 1,
    chats: [CHAT, OTHER_CHAT].map(chat_id => ({
      chat_id,
      title: chat_id,
      created_at: 1,
      updated_at: 1,
      running: false
    })),
    profiles: [profileInfo('p', { label: 'P' })],
    default_profile_id: 'p',
    streaming: 'on',
    streaming_locked: false,
    profiles_locked: false,
    tracing: false
  });
}

export function opened(server: ScriptedServer, seq: number, messages: Message[]): void {
  server.say({ type: 'chat_opened', chat_id: CHAT, seq, messages, has_more: false });
}
