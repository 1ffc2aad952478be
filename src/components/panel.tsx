/**
 * The panel: puts the parts together, and is the widget that JupyterLab places.
 */
import { Clipboard, Dialog, showDialog } from '@jupyterlab/apputils';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { localizeStep } from '../i18n/doctor';
import { localize } from '../i18n/errors';
import { chatIcon } from '../icons';
import { addCopyButtons, PlainText, StreamingMarkdown, Typewriter, warmUp } from '../markdown';
import type { ChatModel } from '../chat/chat';
import type { WorkspaceModel } from '../chat/workspace';
import { CommandError } from '../connection/connection';
import type { AttachmentPart, ChatInfo, RunInfo } from '../protocol/generated';
import { Announcer } from './announcer';
import { Banners } from './banners';
import { ChatList } from './chatlist';
import { ChatSettings, ChatSettingsButton } from './chatsettings';
import { ManageProfilesButton, ProfilePicker, StreamingSwitch } from './choices';
import { Composer, type IAttaching } from './composer';
import {
  ChangeSetting,
  IInsertAnswers,
  IPanelContext,
  IPanelSettings,
  PanelProvider,
  usePanel
} from './context';
import { Header } from './header';
import { useCovered, useSignal } from './hooks';
import { MessageList } from './messagelist';
import { ProfilesView } from './profiles/view';
import { Queue } from './queue';
import { ConnectButtons, SetupCard } from './setup';

interface IOptions {
  workspace: WorkspaceModel;
  rendermime: IRenderMimeRegistry;
  languages: IEditorLanguageRegistry;
  trans: TranslationBundle;
  /** The language of the page, as `en` or `zh-CN`. */
  language: string;
  settings: IPanelSettings;
  changeSetting: ChangeSetting;
  /** Puts answers into notebooks. */
  insert: IInsertAnswers;
}

/** The sidebar widget. It connects to the server when it is first shown. */
export class ChatPanel extends ReactWidget {
  constructor(options: IOptions) {
    super();
    this.id = 'jupyter-stream-chat';
    this.addClass('jp-StreamChat');
    this.title.icon = chatIcon;
    this.title.caption = options.trans.__('Stream Chat');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
    this._options = options;
  }

  /** The user's settings; set anew when they change. */
  get settings(): IPanelSettings {
    return this._options.settings;
  }
  set settings(settings: IPanelSettings) {
    this._options = { ...this._options, settings };
    this.update();
  }

  /** Put the cursor into the composer, or into what lies over it. */
  focusInput(): void {
    const over = this.node.querySelector('.jp-StreamChat-overlay');
    if (!over) {
      this.node.querySelector<HTMLTextAreaElement>('.jp-StreamChat-input')?.focus();
    } else if (!over.contains(document.activeElement)) {
      over
        .querySelector<HTMLElement>('form :is(input, select), .jp-StreamChat-row button')
        ?.focus();
    }
  }

  protected override onBeforeShow(message: Message): void {
    super.onBeforeShow(message);
    this._enter();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    // A shell that puts it into an open side area never shows it: it is visible from the start.
    if (this.isVisible) {
      this._enter();
    }
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this._enter();
    this.focusInput();
  }

  /** Somebody looks: connect, once. */
  private _enter(): void {
    this._options.workspace.connect();
    // The first answer shall not wait for the Markdown parser to load.
    warmUp(this._options.rendermime);
  }

  protected override render(): JSX.Element {
    return <PanelRoot {...this._options} />;
  }

  private _options: IOptions;
}

function PanelRoot(options: IOptions): JSX.Element {
  const { workspace, rendermime, languages, trans, language, settings } = options;
  const { changeSetting, insert } = options;
  // Apart from the rest: whoever renders begins anew when this changes.
  const renderText = useMemo<IPanelContext['renderText']>(() => {
    const renderAnswer = (node: HTMLElement) =>
      new StreamingMarkdown({
        node,
        rendermime,
        languages,
        onBlock: host =>
          addCopyButtons(
            host,
            trans.__('Copy'),
            undefined,
            settings.notebookActions ? insert.codeActions : undefined
          )
      });
    return (node, role) => {
      if (role === 'user') {
        return new PlainText({ node });
      }
      const answer = renderAnswer(node);
      return settings.typewriter && !wantsLessMotion() ? new Typewriter(answer) : answer;
    };
  }, [rendermime, languages, trans, settings.typewriter, settings.notebookActions, insert]);
  const context = useMemo<IPanelContext>(
    () => ({
      trans,
      settings,
      changeSetting,
      localize: error => localize(error, trans, language),
      localizeStep: step => localizeStep(step, trans, language),
      editProfile: (profileId, fields) => void workspace.profileEditor.edit(profileId, fields),
      copy: text => Clipboard.copyToSystem(text),
      insertAnswer: settings.notebookActions ? insert.answer : null,
      renderText
    }),
    [workspace, trans, language, settings, changeSetting, insert, renderText]
  );
  return (
    <PanelProvider value={context}>
      <PanelView workspace={workspace} />
    </PanelProvider>
  );
}

function wantsLessMotion(): boolean {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function PanelView({ workspace }: { workspace: WorkspaceModel }): JSX.Element {
  const { trans } = usePanel();
  const [isListOpen, setListOpen] = useState(false);
  const underneath = useRef<HTMLDivElement>(null);
  const editor = workspace.profileEditor;
  useSignal(workspace.changed);
  useSignal(editor.changed);
  const chat = workspace.current;
  useCovered(underneath, editor.view !== null);

  const newChat = () => {
    workspace.newChat();
    setListOpen(false);
  };

  // The list covers the chat: who is at work there has left the list.
  const onFocus = ({ target }: React.FocusEvent) => {
    if (!target.closest('#jp-StreamChat-chats')) {
      setListOpen(false);
    }
  };

  return (
    <>
      <Header
        title={chat.title || trans.__('New chat')}
        isListOpen={isListOpen}
        onToggleList={() => setListOpen(!isListOpen)}
        onNewChat={newChat}
      />
      <Banners workspace={workspace} chat={chat} />
      <div className="jp-StreamChat-view" onFocus={onFocus}>
        <div className="jp-StreamChat-underneath" ref={underneath}>
          {workspace.isLoaded && workspace.defaultProfileId === null && (
            <SetupCard editor={editor} isLocked={workspace.areProfilesLocked} />
          )}
          <ChatView key={chat.chatId} workspace={workspace} chat={chat} />
        </div>
        {editor.view && <ProfilesView workspace={workspace} view={editor.view} />}
        {isListOpen && (
          <ChatList
            chats={workspace.chats}
            currentId={chat.chatId}
            onSwitch={chatId => {
              workspace.switchTo(chatId);
              setListOpen(false);
            }}
            onRename={(chatId, title) => workspace.renameChat(chatId, title)}
            onDelete={info => void confirmDelete(info, workspace, trans)}
            exportUrl={chatId => workspace.exportUrl(chatId)}
            onClose={() => setListOpen(false)}
          />
        )}
      </div>
    </>
  );
}

function ChatView({
  workspace,
  chat
}: {
  workspace: WorkspaceModel;
  chat: ChatModel;
}): JSX.Element {
  const { trans } = usePanel();
  const input = useRef<HTMLTextAreaElement>(null);
  const settingsButton = useRef<HTMLButtonElement>(null);
  const [areSettingsOpen, setSettingsOpen] = useState(false);
  const editor = workspace.profileEditor;
  useSignal(chat.structureChanged);
  useSignal(chat.draftChanged);
  const isGuide = chat.profile?.provider === 'guide';
  const notice = isGuide
    ? trans.__(
        'Built-in guide: a tiny model that answers questions about this panel only. Connect a real model for anything else.'
      )
    : chat.profile?.notice;
  useEffect(() => input.current?.focus({ preventScroll: true }), [chat]);
  const attaching = useAttaching(workspace, chat);
  const withAttachments = (send: (attached: readonly AttachmentPart[]) => unknown) =>
    sendAttached(workspace, chat, send);

  return (
    <>
      <MessageList chat={chat} />
      <Announcer run={newestRun(chat)} />
      {notice && (
        <div className="jp-StreamChat-notice">
          {notice}
          {isGuide && !workspace.areProfilesLocked && <ConnectButtons editor={editor} />}
        </div>
      )}
      <Queue chat={chat} />
      <Composer
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
              chat={chat}
              editor={editor}
              onClose={() => {
                setSettingsOpen(false);
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
        />
        <ManageProfilesButton onClick={() => void editor.open()} />
        <StreamingSwitch
          mode={chat.streaming}
          isLocked={workspace.isStreamingLocked}
          onChange={mode => chat.setStreaming(mode)}
        />
        <ChatSettingsButton
          buttonRef={settingsButton}
          isOpen={areSettingsOpen}
          onToggle={() => setSettingsOpen(!areSettingsOpen)}
        />
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

async function confirmDelete(
  chat: ChatInfo,
  workspace: WorkspaceModel,
  trans: TranslationBundle
): Promise<void> {
  const { button } = await showDialog({
    title: trans.__('Delete this chat?'),
    body: trans.__('"%1" and all its messages will be gone.', chat.title || trans.__('New chat')),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Delete') })
    ]
  });
  if (button.accept) {
    workspace.deleteChat(chat.chat_id);
  }
}
