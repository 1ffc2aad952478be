import * as React from 'react';
import type { ChatModel } from '../../chat/chat';
import type { WorkspaceModel } from '../../chat/workspace';
import { Banners } from '../banners';
import { renderInPanel } from './support';

const DAMAGED = {
  code: 'store_damaged',
  message: 'The saved chats were damaged.',
  cure: 'Mend the file.',
  detail: '/data/chats.damaged-20260101-000000.sqlite3'
};

/** The banners' text, with what is true of the workspace. */
function shown(workspace: Partial<WorkspaceModel>): string {
  const calm = { connectionState: 'connected', notSaved: null, storeDamaged: null, error: null };
  return renderInPanel(
    <Banners
      workspace={{ ...calm, ...workspace } as WorkspaceModel}
      chat={{ readOnly: null } as ChatModel}
    />
  ).container.textContent!;
}

describe('Banners', () => {
  it('says nothing while all is well', () => {
    expect(shown({})).toBe('');
  });

  it('says where damaged chats were put', () => {
    const text = shown({ storeDamaged: DAMAGED });
    expect(text).toContain(DAMAGED.message);
    expect(text).toContain(DAMAGED.detail);
    expect(text).toContain(DAMAGED.cure);
  });

  it('says that chats are not saved', () => {
    expect(shown({ notSaved: { code: 'not_saved', message: 'Not saved.' } })).toBe('Not saved.');
  });
});
