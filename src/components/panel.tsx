/**
 * The panel: puts the parts together, and is the widget that JupyterLab places.
 */
import { Clipboard } from '@jupyterlab/apputils';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { DisposableSet } from '@lumino/disposable';
import { type Message, MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { localizeStep } from '../i18n/doctor';
import { localize } from '../i18n/errors';
import { chatIcon } from '../icons';
import { addCopyButtons, PlainText, StreamingMarkdown, Typewriter, warmUp } from '../markdown';
import type { ChatModel } from '../chat/chat';
import type { WorkspaceModel } from '../chat/workspace';
import { CommandError } from '../connection/connection';
import type { AttachmentPart, RunInfo } from '../protocol/generated';
import { Announcer } from './announcer';
import { Banners } from './banners';
import { ChatList } from './chatlist';
import { ChatSettings, ChatSettingsButton } from './chatsettings';
import { ProfilePicker } from './choices';
import { Composer, type IAttaching } from './composer';
import {
  ChangeSetting,
  IInsertAnswers,
  IPanelContext,
  IPanelSettings,
  PanelProvider,
  usePanel
} from './context';
import { ContextRing } from './contextring';
import { focusComposer, keepFocus, keepTyping } from './focus';
import { Header } from './header';
import { useCovered, useSignal } from './hooks';
import { MessageList } from './messagelist';
import { ProfilesView } from './profiles/view';
import { Queue } from './queue';
import { ConnectButton, SetupCard } from './setup';
import { keepClearOfToasts } from './toasts';

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
      focusComposer(this.node);
    } else if (!over.contains(document.activeElement)) {
      over
        .querySelector<HTMLElement>('form :is(input, select), .jp-StreamChat-row button')
        ?.focus();
    }
  }

  /** Change something and show it within this call: what is typed from now on reaches what is shown then. */
  showNow(change: () => void): void {
    flushSync(() => {
      change();
      MessageLoop.sendMessage(this, Widget.Msg.UpdateRequest);
    });
  }

  override dispose(): void {
    this._kept.dispose();
    super.dispose();
  }

  protected override onBeforeShow(message: Message): void {
    super.onBeforeShow(message);
    this._enter();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._kept.add(keepFocus(this.node, () => this._giveFocusBack()));
    this._kept.add(keepTyping(this.node));
    this._kept.add(keepClearOfToasts(this.node));
    // A shell that puts it into an open side area never shows it: it is visible from the start.
    if (this.isVisible) {
      this._enter();
    }
  }

  /** What had the focus is gone: it is in the list of chats while that is open, else in the composer. */
  private _giveFocusBack(): void {
    const list = this.node.querySelector('.jp-StreamChat-chatList');
    const line =
      list?.querySelector<HTMLElement>('[aria-current]') ??
      list?.querySelector<HTMLElement>('button, input');
    if (line) {
      line.focus();
    } else {
      this.focusInput();
    }
  }

  protected override onBeforeDetach(message: Message): void {
    this._kept.dispose();
    this._kept = new DisposableSet();
    super.onBeforeDetach(message);
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
    return <PanelRoot {...this._options} showNow={this._showChat} />;
  }

  private readonly _showChat = (change: () => void): void => {
    this.showNow(change);
    this.focusInput();
  };

  private _options: IOptions;
  /** What holds while the panel is on the page. */
  private _kept = new DisposableSet();
}

/** Show another chat at once, and put the cursor into its composer. */
type ShowChat = (change: () => void) => void;

function PanelRoot(options: IOptions & { showNow: ShowChat }): JSX.Element {
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
      <PanelView workspace={workspace} showNow={options.showNow} />
    </PanelProvider>
  );
}

function wantsLessMotion(): boolean {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function PanelView({
  workspace,
  showNow
}: {
  workspace: WorkspaceModel;
  showNow: ShowChat;
}): JSX.Element {
  const { trans } = usePanel();
  const [isListOpen, setListOpen] = useState(false);
  const underneath = useRef<HTMLDivElement>(null);
  const editor = workspace.profileEditor;
  useSignal(workspace.changed);
  useSignal(editor.changed);
  const chat = workspace.current;
  useCovered(underneath, editor.view !== null);

  const show = (change: () => void) =>
    showNow(() => {
      change();
      setListOpen(false);
    });

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
        onNewChat={() => show(() => workspace.newChat())}
      />
      <Banners workspace={workspace} chat={chat} />
      <div className="jp-StreamChat-view" onFocus={onFocus}>
        <div className="jp-StreamChat-underneath" ref={underneath}>
          {workspace.isLoaded && workspace.defaultProfileId === null && (
            <SetupCard editor={editor} isLocked={workspace.areProfilesLocked} />
          )}
          <ChatView workspace={workspace} chat={chat} />
        </div>
        {editor.view && <ProfilesView workspace={workspace} view={editor.view} />}
        {isListOpen && (
          <ChatList
            chats={workspace.chats}
            currentId={chat.chatId}
            onSwitch={chatId => show(() => workspace.switchTo(chatId))}
            onRename={(chatId, title) => workspace.renameChat(chatId, title)}
            onDelete={({ chat_id: chatId }) => workspace.deleteSoon(chatId)}
            onArchive={(chatId, isArchived) => workspace.archiveChat(chatId, isArchived)}
            onImport={file => void workspace.importChat(file)}
            search={query => workspace.search(query)}
            onFound={({ chat_id: chatId, message_id: messageId }) =>
              show(() => workspace.reveal(chatId, messageId ?? null))
            }
            exportUrl={chatId => workspace.exportUrl(chatId)}
            onClose={() => {
              setListOpen(false);
              underneath.current
                ?.closest('.jp-StreamChat')
                ?.querySelector<HTMLElement>('.jp-StreamChat-title')
                ?.focus();
            }}
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
