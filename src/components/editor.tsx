/**
 * A field in the place of a message's text: like the composer, with a button to confirm and one to leave.
 */
import * as React from 'react';
import { useEffect, useRef, useState } from 'react';
import { isSendingEnter, useFitToText } from './composer';
import { usePanel } from './context';

interface IProps {
  /** The accessible name of the field. */
  label: string;
  text: string;
  /** What the confirming button says. */
  confirm: string;
  /** Enter confirms; else it breaks the line and Ctrl+Enter (Cmd+Enter) confirms. */
  enterConfirms: boolean;
  /** Why nothing can be confirmed now; null: it can. */
  blocked: string | null;
  /** Told of every change by those who keep what is not confirmed. */
  onChange?: (text: string) => void;
  onConfirm: (text: string) => void;
  /** Leave the field; what was written in it is its owner's to keep. */
  onLeave: () => void;
}

export function TextEditor(props: IProps): JSX.Element {
  const { trans } = usePanel();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(props.text);
  const canConfirm = props.blocked === null && text.trim() !== '';
  useFitToText(field, text);
  useEffect(() => {
    const { current } = field;
    current?.focus();
    current?.setSelectionRange(current.value.length, current.value.length);
  }, []);

  const confirm = () => canConfirm && props.onConfirm(text);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) {
      return;
    }
    const isConfirm = event.key === 'Enter' && isSendingEnter(event, props.enterConfirms);
    if (isConfirm || event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      (isConfirm ? confirm : props.onLeave)();
    }
  };

  return (
    <div className="jp-StreamChat-box">
      <textarea
        ref={field}
        className="jp-StreamChat-input"
        rows={1}
        value={text}
        aria-label={props.label}
        onChange={({ currentTarget: { value } }) => {
          setText(value);
          props.onChange?.(value);
        }}
        onKeyDown={onKeyDown}
      />
      <div className="jp-StreamChat-tools jp-StreamChat-editorTools">
        <button className="jp-StreamChat-textButton" onClick={props.onLeave}>
          {trans.__('Cancel')}
        </button>
        <button
          className="jp-StreamChat-textButton"
          data-primary
          aria-disabled={!canConfirm || undefined}
          title={props.blocked ?? props.confirm}
          onClick={confirm}
        >
          {props.confirm}
        </button>
      </div>
    </div>
  );
}
