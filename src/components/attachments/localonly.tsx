/**
 * The lock of a chat: its attachments go to local models only. Shown where there are attachments, or it is on.
 */
import * as React from 'react';
import type { AttachmentList } from '../../context/attachments';
import { lockIcon } from '../../icons';
import { usePanel } from '../context';
import { useSignal } from '../hooks';

interface IProps {
  readonly list: AttachmentList;
  /** Questions of the chat that were sent have attachments. */
  readonly hasSentAttachments: boolean;
  readonly isLocalOnly: boolean;
  readonly onLocalOnly: (isLocalOnly: boolean) => void;
}

export function LocalOnlySwitch({
  list,
  hasSentAttachments,
  isLocalOnly,
  onLocalOnly
}: IProps): JSX.Element | null {
  const { trans } = usePanel();
  useSignal(list.changed);
  if (!isLocalOnly && !hasSentAttachments && list.chips.length === 0) {
    return null;
  }
  return (
    <button
      className="jp-StreamChat-iconButton jp-StreamChat-switch jp-StreamChat-attach"
      role="switch"
      aria-checked={isLocalOnly}
      aria-label={trans.__('Attachments to local models only')}
      title={
        isLocalOnly
          ? trans.__('Attachments of this chat go to local models only')
          : trans.__('Attachments of this chat go to the chosen model')
      }
      onClick={() => onLocalOnly(!isLocalOnly)}
    >
      <lockIcon.react tag="span" />
    </button>
  );
}
