/**
 * What few profiles need: how long answers may take, and what is done about one that repeats itself.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { fieldText } from '../../i18n/fields';
import type { ProfileForm } from '../../profiles/form';
import { timeoutField } from '../../profiles/fields';
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
      {Object.entries(form.provider.timeouts).map(([name, usual]) => {
        const field = timeoutField(name);
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
      <RepetitionChoice form={form} />
    </details>
  );
}

function RepetitionChoice({ form }: { form: ProfileForm }): JSX.Element {
  const { trans } = usePanel();
  const problemOf = useProblem();
  const choices = repetitionChoices(trans);
  return (
    <ChoiceField
      name="on_repetition"
      label={fieldText('on_repetition', trans).label}
      problem={problemOf(form, 'on_repetition')}
      value={form.text('on_repetition')}
      choices={[
        ['', trans.__('As usual: %1', choices[form.provider.on_repetition].toLowerCase())],
        ...Object.entries(choices)
      ]}
      onChange={choice => form.set('on_repetition', choice)}
    />
  );
}

function repetitionChoices(
  trans: TranslationBundle
): Record<ProviderInfo['on_repetition'], string> {
  return {
    off: trans.__('Let it go on'),
    ask: trans.__('Pause it and ask me'),
    stop: trans.__('End it')
  };
}
