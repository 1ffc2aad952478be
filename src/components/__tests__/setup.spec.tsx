import { fireEvent, screen } from '@testing-library/react';
import * as React from 'react';
import { PROVIDERS, ScriptedRest } from '../../__tests__/support/scriptedrest';
import { ProfileEditor } from '../../profiles/editor';
import { SetupCard } from '../setup';
import { renderInPanel } from './support';

describe('SetupCard', () => {
  const make = (isLocked: boolean): ProfileEditor => {
    const rest = new ScriptedRest();
    rest.answers['GET providers'] = { providers: PROVIDERS };
    const editor = new ProfileEditor(rest.api, { profiles: () => [], use: jest.fn() });
    renderInPanel(<SetupCard editor={editor} isLocked={isLocked} />);
    return editor;
  };

  it('opens the form of the provider, or of the server, that somebody has', async () => {
    const editor = make(false);
    fireEvent.click(await screen.findByText('Known'));
    await screen.findByText('Local');
    const { view } = editor;
    if (view?.kind !== 'form') {
      throw new Error('No form is open');
    }
    expect([view.form.provider.provider, view.form.text('base_url')]).toEqual([
      'server',
      'http://known/v1'
    ]);
    // What a preset filled in was typed by nobody.
    expect(view.form.isDirty).toBe(false);
  });

  it('sends to the administrator where nobody may add a profile', () => {
    make(true);
    expect(screen.getByText(/The administrator of this server chooses/)).not.toBeNull();
    expect(screen.queryByText('Known')).toBeNull();
  });
});
