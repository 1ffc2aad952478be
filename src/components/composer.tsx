/**
 * The composer: the question's field, and the one button that sends and stops.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { pauseIcon, resumeIcon, sendIcon, stopIcon } from '../icons';
import type { BlockedReason, PauseAction } from '../chat/chat';
import type { WhileRunning } from '../chat/queue';
import { AttachmentList } from '../context/attachments';
import { ContextKinds } from '../context/kinds';
import { DraftChips } from './attachments/chips';
import { LocalOnlySwitch } from './attachments/localonly';
import { useAttachMenu } from './attachments/menu';
import { usePaste } from './attachments/paste';
import { usePanel } from './context';
import { usePromptMenu } from './prompts';
import { AskWhileRunning, WhileRunningMenu } from './whilerunning';

interface IProps {
  /** The chat that it writes in: what was said of another one's draft goes with that. */
  chatId?: string;
  draft: string;
  /** An answer is being generated: the button stops it. */
  isRunning: boolean;
  /** Stop was clicked, and the run has not ended yet. */
  isStopping: boolean;
  /** What the pause button does; null: there is none. */
  pauseAction: PauseAction | null;
  /** Why nothing can be sent now; said when the user tries. */
  blocked: BlockedReason | null;
  onDraft: (text: string) => void;
  onSend: (text: string) => void;
  /** Send while an answer is being written, as the user has chosen. */
  onSendLater: (text: string, mode: WhileRunning) => void;
  onStop: () => void;
  /** What can be attached, and what is; absent: nothing can. */
  attaching?: IAttaching;
  /** What is opened above the field. */
  above?: React.ReactNode;
  onPause: () => void;
  /** The controls between the field and the button. */
  children: React.ReactNode;
  inputRef: React.RefObject<HTMLTextAreaElement>;
}

export interface IAttaching {
  readonly kinds: ContextKinds;
  readonly list: AttachmentList;
  readonly load: (sha256: string) => Promise<string>;
  /** Questions of this chat that were sent have attachments. */
  readonly hasSentAttachments: boolean;
  /** Attachments of this chat go to local models only. */
  readonly isLocalOnly: boolean;
  readonly onLocalOnly: (isLocalOnly: boolean) => void;
}

const NO_KINDS = new ContextKinds();
const NO_ATTACHMENTS = new AttachmentList({
  upload: () => Promise.reject(new Error('nothing can be attached')),
  restore: () => null,
  keep: () => undefined
});

export function Composer(props: IProps): JSX.Element {
  const { trans, settings, changeSetting } = usePanel();
  const keysId = useId();
  const { whileRunning } = settings;
  const { blocked, draft, onSend } = props;
  const [hint, setHint] = useState('');
  // What was sent while the chat was loading, and goes out once it is here.
  const [wanted, setWanted] = useState<string | null>(null);
  const list = props.attaching?.list ?? NO_ATTACHMENTS;
  const menu = useAttachMenu({
    kinds: props.attaching?.kinds ?? NO_KINDS,
    list,
    draft,
    onDraft: props.onDraft,
    input: props.inputRef
  });
  const prompts = usePromptMenu({
    kinds: props.attaching?.kinds ?? NO_KINDS,
    draft,
    onDraft: props.onDraft,
    input: props.inputRef
  });
  const onPaste = usePaste(props.attaching ? list : null, setHint);
  useFitToText(props.inputRef, props.draft);
  const { inputRef } = props;
  useLayoutEffect(() => {
    // A draft that is there already goes on at its end.
    const end = inputRef.current?.value.length ?? 0;
    inputRef.current?.setSelectionRange(end, end);
  }, [inputRef]);
  // A reason that no longer holds is not worth reading.
  useEffect(() => setHint(''), [props.blocked, whileRunning]);
  useEffect(() => {
    setHint('');
    setWanted(null);
  }, [props.chatId]);

  const send = () => {
    const hasText = props.draft.trim() !== '';
    if (props.blocked === 'running' && whileRunning !== 'ask' && hasText) {
      props.onSendLater(props.draft, whileRunning);
    } else if (props.blocked === 'loading' && hasText) {
      setWanted(props.draft);
      setHint(
        trans.__('The chat is still loading. Your question is sent as soon as it has loaded.')
      );
    } else if (props.blocked) {
      setHint(reasonFor(props.blocked, trans));
    } else if (hasText) {
      setHint('');
      props.onSend(props.draft);
    }
  };

  useEffect(() => {
    if (wanted === null || blocked === 'loading') {
      return;
    }
    setWanted(null);
    if (blocked) {
      setHint(reasonFor(blocked, trans));
    } else if (wanted === draft) {
      onSend(draft);
    }
  }, [wanted, blocked, draft, onSend, trans]);

  const choose = (mode: WhileRunning) => {
    changeSetting('whileRunning', mode);
    props.onSendLater(props.draft, mode);
    props.inputRef.current?.focus();
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    // A key that ends the composition of an input method belongs to the input method alone (some report 229).
    if (event.nativeEvent.isComposing || event.keyCode === 229) {
      return;
    }
    if (menu.onKeyDown(event) || prompts.onKeyDown(event)) {
      return;
    }
    if (event.key === 'Backspace' && draft === '' && list.chips.length > 0) {
      // Selects the last chip; Backspace there removes it.
      event.preventDefault();
      lastChip(event.currentTarget)?.focus();
    } else if (event.key === 'Escape' && props.isRunning) {
      event.preventDefault();
      event.stopPropagation();
      props.onStop();
    } else if (event.key === 'Enter' && isSendingEnter(event, settings.enterSends)) {
      event.preventDefault();
      event.stopPropagation();
      send();
    }
  };

  return (
    <div className="jp-StreamChat-composer">
      {props.above}
      <div className="jp-StreamChat-above">
        <div className="jp-StreamChat-hint" role="status">
          {hint}
        </div>
        {props.blocked === 'running' && whileRunning !== 'ask' && props.draft.trim() && (
          <WhileRunningMenu
            choice={whileRunning}
            onChange={choice => changeSetting('whileRunning', choice)}
          />
        )}
      </div>
      {hint && props.blocked === 'running' && props.draft.trim() && (
        <AskWhileRunning onChoose={choose} />
      )}
      <div className="jp-StreamChat-box">
        {menu.element}
        {prompts.element}
        {props.attaching && (
          <DraftChips
            list={list}
            load={props.attaching.load}
            onRemoved={() => props.inputRef.current?.focus()}
          />
        )}
        <div className="jp-StreamChat-entry">
          <textarea
            ref={props.inputRef}
            className="jp-StreamChat-input"
            rows={1}
            value={props.draft}
            placeholder={trans.__('Ask a question')}
            aria-label={trans.__('Your question')}
            aria-describedby={keysId}
            aria-autocomplete="list"
            aria-controls={menu.id ?? prompts.id}
            aria-activedescendant={menu.activeId ?? prompts.activeId}
            onChange={event => {
              setHint('');
              setWanted(null);
              props.onDraft(event.currentTarget.value);
              menu.look();
              prompts.look();
            }}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
          />
          {props.attaching && <AttachButton onClick={menu.open} />}
          {props.attaching && <LocalOnlySwitch {...props.attaching} />}
        </div>
        <span id={keysId} className="jp-StreamChat-hidden">
          {settings.enterSends
            ? trans.__('Enter sends, Shift+Enter breaks the line, Escape stops an answer')
            : trans.__('Ctrl+Enter sends, Enter breaks the line, Escape stops an answer')}
        </span>
        <div className="jp-StreamChat-tools">
          {props.children}
          {props.pauseAction && <PauseButton action={props.pauseAction} onClick={props.onPause} />}
          <SendButton {...props} onSend={send} />
        </div>
      </div>
    </div>
  );
}

function lastChip(field: Element): HTMLElement | undefined {
  const chips = field
    .closest('.jp-StreamChat-box')
    ?.querySelectorAll<HTMLElement>('.jp-StreamChat-chipOpen');
  return chips && [...chips].pop();
}

function AttachButton({ onClick }: { onClick: () => void }): JSX.Element {
  const { trans } = usePanel();
  const label = trans.__('Attach a cell, file or variable (@)');
  return (
    <button
      className="jp-StreamChat-iconButton jp-StreamChat-attach"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <addIcon.react tag="span" />
    </button>
  );
}

/** Say why nothing can be sent now. */
export function reasonFor(blocked: BlockedReason, trans: TranslationBundle): string {
  return {
    running: trans.__(
      'An answer is being written. Your draft is kept; stop the answer to send it.'
    ),
    loading: trans.__('The chat is still loading. Your draft is kept.'),
    read_only: trans.__('An answer of this chat is being written by another server.'),
    no_profile: trans.__('Connect a model first. Your draft is kept.'),
    reload_needed: trans.__('Reload the page first. Your draft is kept.')
  }[blocked];
}

/** Whether Enter, pressed so, sends. */
export function isSendingEnter(event: React.KeyboardEvent, enterSends: boolean): boolean {
  return enterSends ? !event.shiftKey && !event.altKey : event.ctrlKey || event.metaKey;
}

function PauseButton({
  action,
  onClick
}: {
  action: PauseAction;
  onClick: () => void;
}): JSX.Element {
  const { trans } = usePanel();
  const label = action === 'pause' ? trans.__('Pause the answer') : trans.__('Resume the answer');
  const Icon = action === 'pause' ? pauseIcon.react : resumeIcon.react;
  return (
    <button
      className="jp-StreamChat-iconButton jp-StreamChat-pause"
      data-action={action}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Icon tag="span" />
    </button>
  );
}

/** Send and Stop are one button in one place, so that Stop is where the hand already is. */
function SendButton({
  draft,
  isRunning,
  isStopping,
  onSend,
  onStop
}: Pick<IProps, 'draft' | 'isRunning' | 'isStopping' | 'onStop'> & {
  onSend: () => void;
}): JSX.Element {
  const { trans } = usePanel();
  const label = isStopping
    ? trans.__('Stopping…')
    : isRunning
      ? trans.__('Stop')
      : trans.__('Send');
  const description = isRunning
    ? trans.__('Stop the answer (Escape)')
    : trans.__('Send the question');
  const Icon = isRunning ? stopIcon.react : sendIcon.react;

  const onClick = (event: React.MouseEvent) => {
    // The second click of a double click on Send must not stop the answer.
    if (event.detail > 1) {
      return;
    }
    if (isRunning) {
      onStop();
    } else {
      onSend();
    }
  };

  return (
    <button
      className="jp-StreamChat-send"
      data-action={isRunning ? 'stop' : 'send'}
      aria-label={isStopping ? label : description}
      aria-disabled={isRunning ? isStopping : !draft.trim()}
      title={description}
      onClick={onClick}
    >
      <Icon tag="span" />
      <span className="jp-StreamChat-sendLabel">{label}</span>
    </button>
  );
}

/** Grow the field with its text; its maximum height is the style sheet's. */
export function useFitToText(field: React.RefObject<HTMLTextAreaElement>, text: string): void {
  const previous = useRef('');
  useLayoutEffect(() => {
    const element = field.current;
    if (element && text !== previous.current) {
      previous.current = text;
      element.style.height = 'auto';
      element.style.height = `${element.scrollHeight}px`;
    }
  }, [field, text]);
}
