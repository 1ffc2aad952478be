/**
 * The lock of a chat: its attachments go to local models only.
 */
import * as React from 'react';
import { lockIcon } from '../../icons';
import { usePanel } from '../context';

interface IProps {
  readonly isLocalOnly: boolean;
  readonly onLocalOnly: (isLocalOnly: boolean) => void;
}

export function LocalOnlySwitch({ isLocalOnly, onLocalOnly }: IProps): JSX.Element {
  const { trans } = usePanel();
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
