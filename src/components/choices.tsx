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
}

export function ProfilePicker({
  profiles,
  profileId,
  onChoose
}: IProfileProps): JSX.Element | null {
  const { trans } = usePanel();
  if (profiles.length === 0) {
    return null;
  }
  const label = trans.__('Model profile');
  return (
    <select
      aria-label={label}
      title={label}
      value={profileId ?? ''}
      onChange={event => onChoose(event.currentTarget.value)}
    >
      {profileId === null && <option value="">{trans.__('No model')}</option>}
      {profiles.map(profile => (
        <option key={profile.profile_id} value={profile.profile_id} disabled={!!profile.problem}>
          {profile.problem ? trans.__('%1 (not set up)', profile.label) : profile.label}
        </option>
      ))}
    </select>
  );
}

interface IStreamingProps {
  mode: StreamingMode;
  onChange: (mode: StreamingMode) => void;
}

export function StreamingSwitch({ mode, onChange }: IStreamingProps): JSX.Element {
  const { trans } = usePanel();
  const isOn = mode === 'on';
  return (
    <button
      className="jp-StreamChat-iconButton jp-StreamChat-switch"
      role="switch"
      aria-checked={isOn}
      aria-label={trans.__('Streaming')}
      title={
        isOn
          ? trans.__('Streaming is on: the answer is shown as it is written')
          : trans.__('Streaming is off: the answer is shown when it is complete')
      }
      onClick={() => onChange(isOn ? 'off' : 'on')}
    >
      <streamIcon.react tag="span" />
    </button>
  );
}
