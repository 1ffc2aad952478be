/**
 * The list of profiles: open, duplicate, delete, add.
 */
import { addIcon, deleteIcon, duplicateIcon, lockIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useRef } from 'react';
import { providerText } from '../../i18n/fields';
import type { ProfileEditor } from '../../profiles/editor';
import type { ProfileInfo } from '../../protocol/generated';
import { usePanel } from '../context';

interface IProps {
  editor: ProfileEditor;
  profiles: readonly ProfileInfo[];
  /** The profile that the open chat uses. */
  currentId: string | null;
  /** The profile that chats without a choice use. */
  defaultId?: string | null;
  /** The administrator lets nobody add profiles. */
  isLocked: boolean;
  onDelete: (profile: ProfileInfo) => void;
}

export function ProfileList(props: IProps): JSX.Element {
  const { trans } = usePanel();
  const node = useRef<HTMLDivElement>(null);
  const { editor, isLocked } = props;

  useEffect(() => {
    const wanted = editor.done?.profileId ?? '';
    const line = node.current?.querySelector<HTMLElement>(`[data-profile="${CSS.escape(wanted)}"]`);
    (line ?? node.current)?.querySelector<HTMLElement>('button')?.focus();
  }, [editor, editor.done]);

  return (
    <div ref={node} className="jp-StreamChat-profiles">
      <div className="jp-StreamChat-row">
        {isLocked ? (
          <span>{trans.__('The administrator of this server chooses the profiles.')}</span>
        ) : (
          <button className="jp-StreamChat-textButton" onClick={() => void editor.add()}>
            <addIcon.react tag="span" /> {trans.__('Add a profile')}
          </button>
        )}
        {editor.hasLocalModels && (
          <button className="jp-StreamChat-textButton" onClick={() => editor.openModels()}>
            {trans.__('Local models')}
          </button>
        )}
      </div>
      <ul aria-label={trans.__('Profiles')}>
        {props.profiles.map(profile => (
          <li key={profile.profile_id} data-profile={profile.profile_id}>
            <ProfileLine {...props} profile={profile} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function ProfileLine(props: IProps & { profile: ProfileInfo }): JSX.Element {
  const { trans, localize } = usePanel();
  const { editor, profile, currentId } = props;
  const { profile_id: profileId, label } = profile;
  const provider = providerText(
    profile.provider,
    editor.form(profile.provider)?.label ?? profile.provider,
    trans
  );
  const isDefault = profileId === props.defaultId;
  const duplicate = trans.__('Duplicate %1', label);
  const remove = trans.__('Delete %1', label);
  return (
    <>
      <button
        className="jp-StreamChat-profileLine"
        aria-current={profileId === currentId || undefined}
        onClick={() => void editor.edit(profileId)}
      >
        <span className="jp-StreamChat-profileName">
          {label}
          {profile.locked && (
            <span role="img" aria-label={trans.__('Cannot be changed here')}>
              <lockIcon.react tag="span" />
            </span>
          )}
        </span>
        <span>
          {[isDefault && trans.__('Default'), provider, profile.model].filter(Boolean).join(' · ')}
        </span>
        {profile.problem && (
          <span className="jp-StreamChat-fieldProblem">{localize(profile.problem).message}</span>
        )}
      </button>
      {!isDefault && !profile.problem && (
        <button
          className="jp-StreamChat-textButton"
          aria-label={trans.__('Make %1 the default', label)}
          onClick={() => void editor.makeDefault(profileId)}
        >
          {trans.__('Make default')}
        </button>
      )}
      {!props.isLocked && editor.canDuplicate(profile) && (
        <button
          className="jp-StreamChat-iconButton"
          aria-label={duplicate}
          title={duplicate}
          onClick={() => void editor.duplicate(profileId, trans.__('Copy of %1', label))}
        >
          <duplicateIcon.react tag="span" />
        </button>
      )}
      {!profile.locked && (
        <button
          className="jp-StreamChat-iconButton"
          aria-label={remove}
          title={remove}
          onClick={() => props.onDelete(profile)}
        >
          <deleteIcon.react tag="span" />
        </button>
      )}
    </>
  );
}
