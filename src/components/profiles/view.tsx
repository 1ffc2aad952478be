/**
 * Profiles, over the chat: the list, the form, one that cannot be changed here, or the local models.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { ProfileEditor, ProfileView } from '../../profiles/editor';
import type { WorkspaceModel } from '../../chat/workspace';
import type { ProfileInfo } from '../../protocol/generated';
import { usePanel } from '../context';
import { ModelsView } from '../models/view';
import { Problem } from './field';
import { ProfileFormView } from './form';
import { ProfileList } from './list';
import { LockedProfile } from './locked';

interface IProps {
  workspace: WorkspaceModel;
  view: ProfileView;
}

export function ProfilesView({ workspace, view }: IProps): JSX.Element {
  const { trans, localize } = usePanel();
  const editor = workspace.profileEditor;
  const leave = () => void leaveView(editor, trans);
  const close = trans.__('Close');

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape' && !event.nativeEvent.isComposing) {
      event.stopPropagation();
      leave();
    }
  };

  return (
    <section
      className="jp-StreamChat-overlay"
      role="dialog"
      aria-labelledby="jp-StreamChat-profilesTitle"
      onKeyDown={onKeyDown}
    >
      <header className="jp-StreamChat-overlayHeader">
        <h2 id="jp-StreamChat-profilesTitle">{titleOf(view, workspace, trans)}</h2>
        <button
          className="jp-StreamChat-iconButton"
          aria-label={close}
          title={close}
          onClick={leave}
        >
          <closeIcon.react tag="span" />
        </button>
      </header>
      <div className="jp-StreamChat-overlayNews" role="status">
        {editor.done && <p>{sentenceOf(editor.done, trans)}</p>}
      </div>
      {editor.error && (
        <div className="jp-StreamChat-runState" data-level="error" role="alert">
          <Problem problem={localize(editor.error)} />
        </div>
      )}
      <ViewBody {...{ workspace, view, editor }} onLeave={leave} />
    </section>
  );
}

function ViewBody({
  workspace,
  view,
  editor,
  onLeave
}: IProps & { editor: ProfileEditor; onLeave: () => void }): JSX.Element | null {
  const { trans } = usePanel();
  switch (view.kind) {
    case 'list':
      return (
        <ProfileList
          editor={editor}
          profiles={workspace.profiles}
          defaultId={workspace.defaultProfileId}
          currentId={workspace.current.profile?.profile_id ?? null}
          isLocked={workspace.areProfilesLocked}
          onDelete={profile => void confirmDelete(profile, editor, trans)}
        />
      );
    case 'form':
      return <ProfileFormView key={view.form.formId} {...{ editor, onLeave }} {...view} />;
    case 'locked': {
      const profile = workspace.profiles.find(each => each.profile_id === view.profileId);
      return profile ? (
        <LockedProfile {...{ editor, profile, onLeave }} trial={view.trial} />
      ) : (
        <p>{trans.__('This profile does not exist any more.')}</p>
      );
    }
    case 'models':
      return <ModelsView {...{ editor }} models={view.models} />;
  }
}

function titleOf(
  view: ProfileView,
  { profiles }: WorkspaceModel,
  trans: TranslationBundle
): string {
  if (view.kind === 'list') {
    return trans.__('Profiles');
  }
  if (view.kind === 'models') {
    return trans.__('Local models');
  }
  const profileId = view.kind === 'form' ? view.form.profileId : view.profileId;
  const profile = profiles.find(({ profile_id }) => profile_id === profileId);
  return profileId === null ? trans.__('New profile') : (profile?.label ?? profileId);
}

function sentenceOf(
  { what, label }: NonNullable<ProfileEditor['done']>,
  trans: TranslationBundle
): string {
  return {
    added: trans.__('"%1" was added. This chat uses it now.', label),
    changed: trans.__('"%1" was changed.', label),
    key_dropped: trans.__(
      '"%1" was saved without its key: the address has another host. Type a key for the new host.',
      label
    ),
    deleted: trans.__('"%1" was deleted.', label),
    made_default: trans.__('"%1" is the default from now on.', label)
  }[what];
}

/** Leave what is open; what was typed is given up only when the user agrees. */
async function leaveView(editor: ProfileEditor, trans: TranslationBundle): Promise<void> {
  if (editor.isSaving) {
    editor.hide();
    return;
  }
  if (editor.isWriting) {
    const { button } = await showDialog({
      title: trans.__('Discard what you typed?'),
      body: trans.__('The changes of this profile are not saved.'),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Go on editing') }),
        Dialog.warnButton({ label: trans.__('Discard') })
      ]
    });
    if (!button.accept) {
      return;
    }
  }
  editor.leave();
}

async function confirmDelete(
  profile: ProfileInfo,
  editor: ProfileEditor,
  trans: TranslationBundle
): Promise<void> {
  const { button } = await showDialog({
    title: trans.__('Delete this profile?'),
    body: trans.__(
      '"%1" and its key will be gone. Chats that use it will need another profile.',
      profile.label
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Delete') })
    ]
  });
  if (button.accept) {
    await editor.remove(profile.profile_id);
  }
}
