/**
 * The profile's key: typed once, never shown again. Only that one is kept, replacing and removing it.
 */
import * as React from 'react';
import { useEffect, useRef } from 'react';
import { fieldText } from '../../i18n/fields';
import type { ProfileForm } from '../../profiles/form';
import { usePanel } from '../context';
import { Field, IControl } from './field';
import { useProblem } from './textfield';

interface IProps {
  form: ProfileForm;
  /** Its name among the profile's fields. */
  name: string;
}

export function KeyField({ form, name }: IProps): JSX.Element {
  const group = useRef<HTMLDivElement>(null);
  const choice = form.key;
  const shown = useRef(choice);
  useEffect(() => {
    // The button that was pressed is gone: the focus goes to what took its place.
    if (shown.current !== choice) {
      shown.current = choice;
      group.current?.querySelector<HTMLElement>('input, button')?.focus();
    }
  }, [choice]);
  return (
    <div ref={group}>
      {choice === 'type' ? <NewKey {...{ form, name }} /> : <KeptKey {...{ form, name }} />}
    </div>
  );
}

function NewKey({ form, name }: IProps): JSX.Element {
  const { trans } = usePanel();
  const problemOf = useProblem();
  const hint = trans.__('Kept by the server; no page ever shows it again.');
  return (
    <>
      <Field label={fieldText(name, trans).label} hint={hint} problem={problemOf(form, name)}>
        {control => <SecretInput {...{ control, form, name }} />}
      </Field>
      {form.hasKey && (
        <button
          type="button"
          className="jp-StreamChat-textButton"
          onClick={() => form.chooseKey('keep')}
        >
          {trans.__('Keep the old key')}
        </button>
      )}
    </>
  );
}

/** React would write the value of a controlled input into the page's source as well: this one keeps it to itself. */
function SecretInput({ control, form, name }: IProps & { control: IControl }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (input.current) {
      input.current.value = form.keyText;
    }
  }, [form]);
  return (
    <input
      {...control}
      ref={input}
      type="password"
      name={name}
      autoComplete="new-password"
      onChange={event => form.typeKey(event.currentTarget.value)}
      onBlur={() => form.leave(name)}
    />
  );
}

function KeptKey({ form, name }: IProps): JSX.Element {
  const { trans } = usePanel();
  const problemOf = useProblem();
  const problem = problemOf(form, name);
  const { label } = fieldText(name, trans);
  const isKept = form.key === 'keep';
  return (
    <div className="jp-StreamChat-field" role="group" aria-label={label}>
      <span className="jp-StreamChat-fieldName">{label}</span>
      <div className="jp-StreamChat-row">
        <span>
          {isKept ? trans.__('A key is kept.') : trans.__('The key is removed when you save.')}
        </span>
        <button
          type="button"
          // Whoever looks for the field finds this in its place.
          name={name}
          className="jp-StreamChat-textButton"
          onClick={() => form.chooseKey('type')}
        >
          {trans.__('Replace the key')}
        </button>
        <button
          type="button"
          className="jp-StreamChat-textButton"
          onClick={() => form.chooseKey(isKept ? 'remove' : 'keep')}
        >
          {isKept ? trans.__('Remove the key') : trans.__('Keep the old key')}
        </button>
      </div>
      <div className="jp-StreamChat-fieldProblem" role="status">
        {form.dropsKey &&
          trans.__(
            'The address has another host now. The kept key is not sent there: it is removed when you save. Type a key for the new host.'
          )}
        {problem && <span>{problem.message}</span>}
      </div>
    </div>
  );
}
