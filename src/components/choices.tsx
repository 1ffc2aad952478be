/**
 * What is chosen per chat: the profile, and whether the answer streams.
 */
import * as React from 'react';
import { streamIcon } from '../icons';
import type { ProfileInfo, StreamingMode } from '../protocol/generated';
import { usePanel } from './context';

interface IProfileProps {
  profiles: readonly ProfileInfo[];
  /** The profile in force. */
  profileId: string | null;
  onChoose: (profileId: string) => void;
  /** Add, change and try what there is to choose. */
  onManage: () => void;
}

/** The value of the menu's last entry; no profile has it, since ids have no space. */
const MANAGE = 'manage models';

export function ProfilePicker({
  profiles,
  profileId,
  onChoose,
  onManage
}: IProfileProps): JSX.Element | null {
  const { trans } = usePanel();
  if (profiles.length === 0) {
    return null;
  }
  const label = trans.__('Model profile');
  const onKeyDown = (event: React.KeyboardEvent<HTMLSelectElement>) => {
    // A closed menu would take the next entry at once: the last one opens the profiles.
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      event.currentTarget.showPicker?.();
    }
  };
  return (
    <select
      aria-label={label}
      title={label}
      value={profileId ?? ''}
      onKeyDown={onKeyDown}
      onChange={({ currentTarget: { value } }) => (value === MANAGE ? onManage() : onChoose(value))}
    >
      {profileId === null && <option value="">{trans.__('No model')}</option>}
      {profiles.map(profile => (
        <option key={profile.profile_id} value={profile.profile_id} disabled={!!profile.problem}>
          {profile.problem ? trans.__('%1 (not set up)', profile.label) : profile.label}
        </option>
      ))}
      <option value={MANAGE}>{trans.__('Manage models')}</option>
    </select>
  );
}

interface IStreamingProps {
  mode: StreamingMode;
  /** The administrator has chosen for everybody. */
  isLocked: boolean;
  onChange: (mode: StreamingMode) => void;
}

/** Two positions for three modes: on means that the answer streams where the deployment can. */
export function StreamingSwitch({ mode, isLocked, onChange }: IStreamingProps): JSX.Element {
  const { trans } = usePanel();
  const isOn = mode !== 'off';
  const state = {
    auto: trans.__('Streaming is on: the answer is shown as it is written, where the model can'),
    on: trans.__('Streaming is on: the answer is shown as it is written'),
    off: trans.__('Streaming is off: the answer is shown when it is complete')
  }[mode];
  return (
    <button
      className="jp-StreamChat-iconButton jp-StreamChat-switch"
      role="switch"
      aria-checked={isOn}
      // Not `disabled`: whoever wonders why can still reach the reason.
      aria-disabled={isLocked || undefined}
      aria-label={trans.__('Streaming')}
      title={isLocked ? trans.__('%1 (set by the administrator of this server)', state) : state}
      onClick={() => !isLocked && onChange(isOn ? 'off' : 'auto')}
    >
      <streamIcon.react tag="span" />
    </button>
  );
}
