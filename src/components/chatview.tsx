/**
 * One chat, in the panel or in a tab of the main area: its messages, what waits, and the composer.
 */
import * as React from 'react';
import { useId, useRef, useState } from 'react';
import type { ChatModel } from '../chat/chat';
import type { WorkspaceModel } from '../chat/workspace';
import { CommandError } from '../connection/connection';
import type { AttachmentPart, RunInfo } from '../protocol/generated';
import { Announcer } from './announcer';
import { ChatSettings, ChatSettingsButton } from './chatsettings';
import { ProfilePicker } from './choices';
import { Composer, type IAttaching } from './composer';
import { usePanel } from './context';
import { ContextRing } from './contextring';
import { useSignal } from './hooks';
import { MessageList } from './messagelist';
import { Queue } from './queue';
import { ConnectButton, SetupCard } from './setup';

interface IProps {
  workspace: WorkspaceModel;
  chat: ChatModel;
}

export function ChatView({ workspace, chat }: IProps): JSX.Element {
  const { trans } = usePanel();
  const input = useRef<HTMLTextAreaElement>(null);
  const settingsId = useId();
  const settingsButton = useRef<HTMLButtonElement>(null);
  // The composer outlives the chat that is shown: keys typed while another one opens are not lost.
  const [settingsOf, setSettingsOf] = useState<string | null>(null);
  const areSettingsOpen = settingsOf === chat.chatId;
  const editor = workspace.profileEditor;
  useSignal(chat.structureChanged);
  useSignal(chat.draftChanged);
  const isGuide = chat.profile?.provider === 'guide';
  const notice = isGuide
    ? trans.__(
        'Built-in guide: a tiny model that answers questions about this panel only. Connect a real model for anything else.'
      )
    : chat.profile?.notice;
  const attaching = useAttaching(workspace, chat);
  const withAttachments = (send: (attached: readonly AttachmentPart[]) => unknown) =>
    sendAttached(workspace, chat, send);

  return (
    <>
      {workspace.isLoaded && workspace.defaultProfileId === null && (
        <SetupCard editor={editor} isLocked={workspace.areProfilesLocked} />
      )}
      <MessageList key={chat.chatId} chat={chat} />
      <Announcer key={`said ${chat.chatId}`} run={newestRun(chat)} />
      {notice && (
        <div className="jp-StreamChat-notice">
          <span title={notice}>{notice}</span>
          {isGuide && !workspace.areProfilesLocked && <ConnectButton editor={editor} />}
        </div>
      )}
      <Queue key={`queue ${chat.chatId}`} chat={chat} />
      <Composer
        chatId={chat.chatId}
        draft={chat.draft}
        isRunning={chat.isRunning}
        isStopping={chat.isStopping()}
        pauseAction={chat.pauseAction}
        blocked={chat.blockedReason}
        onDraft={text => (chat.draft = text)}
        attaching={attaching}
        onSend={text => void withAttachments(attached => chat.send(text, attached))}
        onSendLater={(text, mode) =>
          void withAttachments(attached => chat.sendLater(text, mode, attached))
        }
        onStop={() => chat.interrupt()}
        onPause={() => (chat.pauseAction === 'resume' ? chat.resume() : chat.pause())}
        inputRef={input}
        above={
          areSettingsOpen && (
            <ChatSettings
              id={settingsId}
              chat={chat}
              editor={editor}
              isStreamingLocked={workspace.isStreamingLocked}
              exportUrl={format => workspace.exportUrl(chat.chatId, format)}
              onClose={() => {
                setSettingsOf(null);
                settingsButton.current?.focus();
              }}
            />
          )
        }
      >
        <ProfilePicker
          profiles={workspace.profiles}
          profileId={chat.profile?.profile_id ?? null}
          onChoose={profileId => chat.setProfile(profileId)}
          onManage={() => void editor.open()}
        />
        <ChatSettingsButton
          settingsId={settingsId}
          buttonRef={settingsButton}
          isOpen={areSettingsOpen}
          isDifferent={chat.hasOwnSettings}
          onToggle={() => setSettingsOf(areSettingsOpen ? null : chat.chatId)}
        />
        <ContextRing chat={chat} />
      </Composer>
    </>
  );
}

/** What the composer can attach; undefined: the server takes nothing, or nothing offers anything. */
function useAttaching(workspace: WorkspaceModel, chat: ChatModel): IAttaching | undefined {
  const { contextKinds: kinds, attachmentApi, maxAttachments } = workspace;
  useSignal(kinds.changed);
  if (maxAttachments === 0 || kinds.isEmpty) {
    return undefined;
  }
  return {
    kinds,
    list: chat.attachments,
    load: hash => attachmentApi.get(hash),
    hasSentAttachments: chat.messages.some(({ content }) =>
      content.some(({ type }) => type === 'attachment')
    ),
    isLocalOnly: chat.info.local_only ?? false,
    onLocalOnly: isLocalOnly => chat.setLocalOnly(isLocalOnly)
  };
}

/** Read and upload what is attached, then send; the draft and its chips stay where that fails. */
async function sendAttached(
  workspace: WorkspaceModel,
  chat: ChatModel,
  send: (attached: readonly AttachmentPart[]) => unknown
): Promise<void> {
  // Without them in the composer, none is sent unseen.
  const chips = workspace.maxAttachments > 0 ? chat.attachments.chips : [];
  if (chips.length === 0) {
    send([]);
    return;
  }
  try {
    const parts = await chat.attachments.prepare();
    if (parts && send(parts) !== false) {
      chat.attachments.sent(chips);
    }
  } catch (error) {
    if (!(error instanceof CommandError)) {
      throw error;
    }
    workspace.report(error.info);
  }
}

function newestRun(chat: ChatModel): RunInfo | null {
  const runs = chat.messages.flatMap(message => message.runs);
  return runs[runs.length - 1] ?? null;
}
