/**
 * The widget around chats: what the panel and a tab of the main area have in common.
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
import { useMemo } from 'react';
import { flushSync } from 'react-dom';
import type { WorkspaceModel } from '../chat/workspace';
import { localizeStep } from '../i18n/doctor';
import { localize } from '../i18n/errors';
import { chatIcon } from '../icons';
import { addCopyButtons, PlainText, StreamingMarkdown, Typewriter, warmUp } from '../markdown';
import {
  ChangeSetting,
  IInsertAnswers,
  IPanelContext,
  IPanelSettings,
  PanelProvider
} from './context';
import { focusComposer, keepFocus, keepTyping } from './focus';
import { keepClearOfToasts } from './toasts';

export interface IChatWidgetOptions {
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

/** Connects to the server when it is first shown, and keeps the keyboard where the user has it. */
export abstract class ChatWidget extends ReactWidget {
  constructor(options: IChatWidgetOptions) {
    super();
    this.addClass('jp-StreamChat');
    this.title.icon = chatIcon;
    this.node.setAttribute('role', 'region');
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
    // The composer may not be there yet: JupyterLab restores a tab and activates it at once.
    this.showNow(() => undefined);
    this.focusInput();
  }

  /** Somebody looks: connect, once. */
  private _enter(): void {
    this._options.workspace.connect();
    // The first answer shall not wait for the Markdown parser to load.
    warmUp(this._options.rendermime);
  }

  protected override render(): JSX.Element {
    return <PanelRoot {...this._options}>{this.renderView(this._options.workspace)}</PanelRoot>;
  }

  /** What is in the widget. */
  protected abstract renderView(workspace: WorkspaceModel): JSX.Element;

  private _options: IChatWidgetOptions;
  /** What holds while the widget is on the page. */
  private _kept = new DisposableSet();
}

/** Gives what is in the widget its surroundings. */
function PanelRoot(
  options: IChatWidgetOptions & { readonly children: React.ReactNode }
): JSX.Element {
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
  return <PanelProvider value={context}>{options.children}</PanelProvider>;
}

function wantsLessMotion(): boolean {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}
