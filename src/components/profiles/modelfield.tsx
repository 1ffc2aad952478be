/**
 * The name of the model: typed, or chosen from those that the endpoint offers.
 */
import * as React from 'react';
import { useId } from 'react';
import type { ProfileForm } from '../../profiles/form';
import type { ProfileTrial } from '../../profiles/trial';
import type { ProviderField } from '../../protocol/generated';
import { usePanel } from '../context';
import { Problem } from './field';
import { ProviderFieldInput } from './textfield';

interface IProps {
  form: ProfileForm;
  trial: ProfileTrial;
  field: ProviderField;
}

export function ModelField({ form, trial, field }: IProps): JSX.Element {
  const { trans, localize } = usePanel();
  const list = useId();
  const { models } = trial;
  const error = trial.error('models');
  const isRunning = trial.running === 'models';
  return (
    <div>
      <ProviderFieldInput {...{ form, field, list }} />
      <datalist id={list}>
        {models?.map(model => (
          <option key={model} value={model} />
        ))}
      </datalist>
      {form.provider.lists_models && (
        <div className="jp-StreamChat-row">
          <button
            type="button"
            className="jp-StreamChat-textButton"
            aria-disabled={isRunning || undefined}
            onClick={() => !isRunning && void trial.findModels()}
          >
            {trans.__('Fetch the list of models')}
          </button>
          <span role="status">
            {isRunning && trans.__('Asking…')}
            {!isRunning &&
              models &&
              trans._n('%1 model to choose from', '%1 models to choose from', models.length)}
          </span>
        </div>
      )}
      {error && (
        <div className="jp-StreamChat-fieldProblem" role="alert">
          <Problem problem={localize(error)} />
        </div>
      )}
    </div>
  );
}
