/**
 * The settings of one chat: parameters that hold here instead of the profile's.
 */
import { settingsIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useMemo, useRef } from 'react';
import { localizeProblem } from '../i18n/fields';
import { lookUp } from '../i18n/lookup';
import { ChatModel } from '../chat/chat';
import type { ExportFormat } from '../chat/workspace';
import { ChatParameters } from '../chat/parameters';
import { ProfileEditor } from '../profiles/editor';
import { parameterKind, parameterText } from '../profiles/parameters';
import { parameterField } from '../profiles/fields';
import { StreamingSwitch } from './choices';
import { usePanel } from './context';
import { ChatTotals } from './figures';
import { useSignal } from './hooks';
import { Instructions } from './instructions';
import { Problem } from './profiles/field';
import { ValueInput } from './profiles/textfield';

/** What a chat can be saved as; the names are the formats' own. */
const FORMATS = [
  ['markdown', 'Markdown'],
  ['json', 'JSON'],
  ['ipynb', '.ipynb']
] as const;

interface IButtonProps {
  /** The identifier of what it opens. */
  settingsId: string;
  buttonRef: React.RefObject<HTMLButtonElement>;
  isOpen: boolean;
  /** This chat has values of its own. */
  isDifferent?: boolean;
  onToggle: () => void;
}

export function ChatSettingsButton({
  settingsId,
  buttonRef,
  isOpen,
  isDifferent,
  onToggle
}: IButtonProps): JSX.Element {
  const { trans } = usePanel();
  const label = isDifferent
    ? trans.__('Settings of this chat (other than the profile)')
    : trans.__('Settings of this chat');
  return (
    <button
      ref={buttonRef}
      className="jp-StreamChat-iconButton"
      data-different={isDifferent || undefined}
      aria-label={label}
      title={label}
      aria-expanded={isOpen}
      aria-controls={isOpen ? settingsId : undefined}
      onClick={onToggle}
    >
      <settingsIcon.react tag="span" />
    </button>
  );
}

interface IProps {
  id: string;
  chat: ChatModel;
  editor: ProfileEditor;
  isStreamingLocked: boolean;
  /** Where the chat is to be had as a file. */
  exportUrl: (format: ExportFormat) => string;
  onClose: () => void;
}

export function ChatSettings({
  id,
  chat,
  editor,
  isStreamingLocked,
  exportUrl,
  onClose
}: IProps): JSX.Element {
  const { trans, localize } = usePanel();
  const node = useRef<HTMLDivElement>(null);
  const typed = useMemo(() => new ChatParameters(chat, editor.api), [chat, editor]);
  useSignal(typed.changed);
  useSignal(editor.changed);
  useEffect(() => void editor.load(), [editor]);
  useEffect(() => () => void typed.commit(), [typed]);
  const names = editor.parametersOf(chat.profile?.provider);
  const isLoaded = names.length > 0;
  useEffect(() => node.current?.querySelector<HTMLElement>('textarea, input')?.focus(), [isLoaded]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape' && !event.nativeEvent.isComposing) {
      event.stopPropagation();
      onClose();
    }
  };

  return (
    <div
      id={id}
      ref={node}
      className="jp-StreamChat-chatSettings"
      role="group"
      aria-label={trans.__('Settings of this chat')}
      onKeyDown={onKeyDown}
    >
      <div className="jp-StreamChat-row">
        <StreamingSwitch
          mode={chat.streaming}
          isLocked={isStreamingLocked}
          onChange={mode => chat.setStreaming(mode)}
        />
        <span aria-hidden="true">{trans.__('Streaming')}</span>
      </div>
      <ChatTotals chat={chat} />
      {!chat.isNew && (
        <p>
          {trans.__('Save as')}{' '}
          {FORMATS.map(([format, name]) => (
            <a key={format} href={exportUrl(format)} download>
              {name}
            </a>
          ))}
        </p>
      )}
      <p>{trans.__("Empty fields take the profile's values.")}</p>
      {names.map(name => {
        const problem = typed.problem(name);
        return (
          <ValueInput
            key={name}
            field={parameterField(name)}
            kind={parameterKind(name)}
            text={typed.text(name)}
            placeholder={parameterText(lookUp({ ...chat.profile?.parameters }, name))}
            problem={
              problem && localizeProblem(problem, localize(problem), typed.text(name), trans)
            }
            onChange={text => typed.set(name, text)}
            onBlur={() => void typed.commit()}
          />
        );
      })}
      {names.includes('system_prompt') && <Instructions chat={chat} />}
      {typed.error && (
        <div className="jp-StreamChat-fieldProblem" role="alert">
          <Problem problem={localize(typed.error)} />
        </div>
      )}
      <div className="jp-StreamChat-row">
        {typed.isSet && (
          <button className="jp-StreamChat-textButton" onClick={() => typed.clear()}>
            {trans.__('As the profile says')}
          </button>
        )}
        <button className="jp-StreamChat-textButton" onClick={onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </div>
  );
}
