/**
 * The form of one profile: made from what the server says that its provider has.
 */
import * as React from 'react';
import { useEffect, useRef } from 'react';
import { fieldText, namedAsLabelled, providerText } from '../../i18n/fields';
import { azureParts } from '../../profiles/azureaddress';
import type { ProfileEditor } from '../../profiles/editor';
import type { ProfileForm } from '../../profiles/form';
import type { ProfileTrial } from '../../profiles/trial';
import { parameterKind } from '../../profiles/parameters';
import { parameterField } from '../../profiles/fields';
import { usePanel } from '../context';
import { useSignal } from '../hooks';
import { AdvancedFields } from './advanced';
import { ChoiceField } from './choicefield';
import { Problem } from './field';
import { KeyField } from './keyfield';
import { ModelField } from './modelfield';
import { ProviderFieldInput, TextField, useProblem, ValueInput } from './textfield';
import { TrialButtons, TrialResult } from './trial';

interface IProps {
  editor: ProfileEditor;
  form: ProfileForm;
  trial: ProfileTrial;
  /** Leave the form, when the user agrees to what that loses. */
  onLeave: () => void;
}

export function ProfileFormView({ editor, form, trial, onLeave }: IProps): JSX.Element {
  const { trans } = usePanel();
  const node = useRef<HTMLFormElement>(null);
  useSignal(form.changed);
  useSignal(trial.changed);

  useEffect(() => focusField(node.current, editor.wantedFields), [editor, form]);

  const save = async () => {
    await editor.save();
    focusField(node.current, form.firstWrong ? [form.firstWrong] : []);
  };

  return (
    <form
      ref={node}
      className="jp-StreamChat-form"
      noValidate
      onSubmit={event => {
        event.preventDefault();
        void save();
      }}
    >
      <div className="jp-StreamChat-fields">
        {form.profileId === null && <ProviderChoice {...{ editor, form }} />}
        <TextField form={form} name="label" isRequired />
        {form.provider.fields.map(field =>
          field.kind === 'key' ? (
            <KeyField key={field.name} form={form} name={field.name} />
          ) : field.kind === 'model' ? (
            <ModelField key={field.name} {...{ form, trial, field }} />
          ) : (
            <React.Fragment key={field.name}>
              <ProviderFieldInput {...{ form, field }} />
              <AddressParts form={form} name={field.name} />
            </React.Fragment>
          )
        )}
        <StreamingChoice form={form} />
        <Parameters form={form} />
        <AdvancedFields form={form} />
        <TrialResult trial={trial} onField={field => focusField(node.current, [field])} />
      </div>
      <div className="jp-StreamChat-formEnd">
        <FormError form={form} />
        {form.lacksKey && (
          <p className="jp-StreamChat-fieldHint">
            {trans.__('No key yet. Without one, the provider of most models refuses to answer.')}
          </p>
        )}
        <div className="jp-StreamChat-row">
          <button type="submit" className="jp-StreamChat-primary" aria-disabled={form.isSaving}>
            {form.isSaving ? trans.__('Saving…') : trans.__('Save')}
          </button>
          <TrialButtons trial={trial} />
          <button type="button" className="jp-StreamChat-textButton" onClick={onLeave}>
            {trans.__('Cancel')}
          </button>
        </div>
      </div>
    </form>
  );
}

/** Put the cursor into the first of these fields that the form has; without one, into the form. */
function focusField(form: HTMLFormElement | null, fields: readonly string[]): void {
  const named = fields
    .map(field => form?.querySelector<HTMLElement>(`[name="${CSS.escape(field)}"]`))
    .find(field => field);
  const folded = named?.closest('details');
  if (folded) {
    folded.open = true;
  }
  if (named || !form?.contains(document.activeElement)) {
    (named ?? form?.querySelector<HTMLElement>('input, select'))?.focus();
  }
}

/** Provider and preset of a new profile; what is typed already stays, as far as the other provider has it. */
function ProviderChoice({ editor, form }: Pick<IProps, 'editor' | 'form'>): JSX.Element {
  const { trans } = usePanel();
  const { presets } = form.provider;
  return (
    <>
      <ChoiceField
        name="provider"
        label={trans.__('Provider')}
        value={form.provider.provider}
        choices={editor.providers.map(({ provider, label }) => [
          provider,
          providerText(provider, label, trans)
        ])}
        onChange={provider => editor.chooseProvider(provider)}
      />
      {presets.length > 0 && (
        <ChoiceField
          name="preset"
          label={trans.__('Server')}
          hint={trans.__('Fills in what is known of it')}
          value={form.text('preset')}
          choices={[
            ['', trans.__('Another one')],
            ...presets.map(({ id, label }) => [id, label] as const)
          ]}
          onChange={preset => form.choosePreset(preset)}
        />
      )}
    </>
  );
}

function StreamingChoice({ form }: { form: ProfileForm }): JSX.Element {
  const { trans } = usePanel();
  const problemOf = useProblem();
  return (
    <ChoiceField
      name="streaming"
      label={fieldText('streaming', trans).label}
      problem={problemOf(form, 'streaming')}
      value={form.text('streaming')}
      choices={[
        ['', trans.__('As the server is set')],
        ['auto', trans.__('Auto: where the model can')],
        ['on', trans.__('On')],
        ['off', trans.__('Off: the answer in one piece')]
      ]}
      onChange={streaming => form.set('streaming', streaming)}
    />
  );
}

function Parameters({ form }: { form: ProfileForm }): JSX.Element {
  const { trans } = usePanel();
  const problemOf = useProblem();
  return (
    <details className="jp-StreamChat-more">
      <summary>{trans.__('Parameters')}</summary>
      {form.provider.parameters.map(name => {
        const field = parameterField(name);
        return (
          <ValueInput
            key={name}
            field={field}
            kind={parameterKind(name)}
            text={form.text(field)}
            problem={problemOf(form, field)}
            onChange={text => form.set(field, text)}
            onBlur={() => form.leave(field)}
          />
        );
      })}
    </details>
  );
}

/** A pasted address of an Azure deployment holds what three fields ask for. */
function AddressParts({ form, name }: { form: ProfileForm; name: string }): JSX.Element | null {
  const { trans } = usePanel();
  const parts = azureParts(form.text(name));
  if (!parts || name === 'label' || !form.fields.includes('azure_deployment')) {
    return null;
  }
  return (
    <button
      type="button"
      className="jp-StreamChat-textButton"
      onClick={({ currentTarget }) => {
        focusField(currentTarget.closest('form'), [name]);
        Object.entries(parts).forEach(([field, text]) => form.set(field, text));
      }}
    >
      {trans.__('Divide this address into endpoint, deployment and API version')}
    </button>
  );
}

function FormError({ form }: { form: ProfileForm }): JSX.Element | null {
  const { localize, trans } = usePanel();
  return (
    form.error && (
      <div className="jp-StreamChat-fieldProblem" role="alert">
        <Problem problem={namedAsLabelled(localize(form.error), trans)} />
      </div>
    )
  );
}
