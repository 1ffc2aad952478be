/**
 * What few profiles need: how long answers may take, and what is done about one that repeats itself.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { fieldText } from '../../i18n/fields';
import type { ProfileForm } from '../../profiles/form';
import { limitField } from '../../profiles/fields';
import type { ProviderInfo } from '../../protocol/generated';
import { usePanel } from '../context';
import { ChoiceField } from './choicefield';
import { useProblem, ValueInput } from './textfield';

export function AdvancedFields({ form }: { form: ProfileForm }): JSX.Element {
  const { trans } = usePanel();
  const problemOf = useProblem();
  return (
    <details className="jp-StreamChat-more">
      <summary>{trans.__('Advanced')}</summary>
      {Object.entries(form.provider.limits).map(([name, usual]) => {
        const field = limitField(name);
        return (
          <ValueInput
            key={name}
            field={field}
            kind="number"
            text={form.text(field)}
            placeholder={usual > 0 ? String(usual) : trans.__('No limit')}
            problem={problemOf(form, field)}
            onChange={text => form.set(field, text)}
            onBlur={() => form.leave(field)}
          />
        );
      })}
      <EarlyStopChoice form={form} />
    </details>
  );
}

function EarlyStopChoice({ form }: { form: ProfileForm }): JSX.Element {
  const { trans } = usePanel();
  const problemOf = useProblem();
  const choices = earlyStops(trans);
  return (
    <ChoiceField
      name="early_stop"
      label={fieldText('early_stop', trans).label}
      problem={problemOf(form, 'early_stop')}
      value={form.text('early_stop')}
      choices={[
        ['', trans.__('As usual: %1', choices[form.provider.early_stop].toLowerCase())],
        ...Object.entries(choices)
      ]}
      onChange={choice => form.set('early_stop', choice)}
    />
  );
}

function earlyStops(trans: TranslationBundle): Record<ProviderInfo['early_stop'], string> {
  return {
    off: trans.__('Let it go on'),
    ask: trans.__('Pause it and ask me'),
    stop: trans.__('End it')
  };
}
