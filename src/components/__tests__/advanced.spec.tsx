import { act, fireEvent, screen } from '@testing-library/react';
import * as React from 'react';
import { PROVIDERS, ScriptedRest } from '../../__tests__/support/scriptedrest';
import { ProfileForm } from '../../profiles/form';
import { useSignal } from '../hooks';
import { AdvancedFields } from '../profiles/advanced';
import { renderInPanel } from './support';

function Fields({ form }: { form: ProfileForm }): JSX.Element {
  useSignal(form.changed);
  return <AdvancedFields form={form} />;
}

describe('AdvancedFields', () => {
  const make = (provider: number) => {
    const rest = new ScriptedRest();
    const form = new ProfileForm({ api: rest.api, provider: PROVIDERS[provider] });
    renderInPanel(<Fields form={form} />);
    return { rest, form };
  };
  const field = (name: string) => screen.getByLabelText<HTMLInputElement>(name);

  it('show what holds while they are empty, as the provider has it', () => {
    make(0);
    const names = ['Time to the first word', 'Time from one word to the next'];
    expect(names.map(name => field(name).placeholder)).toEqual(['300', '60']);
    expect(field('When an answer repeats itself').value).toBe('');
    expect(screen.getByText('As usual: pause it and ask me')).not.toBeNull();
  });

  it('say so where the provider has no limit', () => {
    make(1);
    expect(field('Time of the whole answer').placeholder).toBe('No limit');
  });

  it('say what is wrong with one, and take what is typed', async () => {
    const { rest, form } = make(0);
    const problem = { code: 'profile_unusable', message: 'Too long.', field: 'timeouts.total' };
    rest.answers['POST profiles/check'] = { problems: [problem] };
    fireEvent.change(field('Time of the whole answer'), { target: { value: '100000' } });
    await screen.findByText('Too long.');
    expect(field('Time of the whole answer').getAttribute('aria-invalid')).toBe('true');
    fireEvent.change(field('When an answer repeats itself'), { target: { value: 'off' } });
    expect(form.values).toMatchObject({ timeouts: { total: 100_000 }, on_repetition: 'off' });
    act(() => form.dispose());
  });
});
