/**
 * The fields of a profile's form that are typed: texts, addresses, models, parameters.
 */
import * as React from 'react';
import { fieldText, localizeProblem, namedAsLabelled } from '../../i18n/fields';
import type { ProfileForm } from '../../profiles/form';
import type { ErrorInfo, ProviderField } from '../../protocol/generated';
import type { ParameterKind } from '../../protocol/parameters';
import { usePanel } from '../context';
import { Field } from './field';

interface IProps {
  form: ProfileForm;
  /** Its dotted path. */
  name: string;
  isRequired?: boolean;
  example?: string | null;
  /** The id of a list that the browser proposes from. */
  list?: string;
}

/** What is wrong with a field, as this reader reads it. */
export function useProblem(): (form: ProfileForm, field: string) => ErrorInfo | null {
  const { trans, localize } = usePanel();
  return (form, field) => {
    const problem = form.problem(field);
    return (
      problem &&
      namedAsLabelled(localizeProblem(problem, localize(problem), form.text(field), trans), trans)
    );
  };
}

export function TextField({ form, name, isRequired, example, list }: IProps): JSX.Element {
  const { trans } = usePanel();
  const problemOf = useProblem();
  const { label, hint } = fieldText(name, trans, form.labelOf(name));
  return (
    <Field {...{ label, hint, isRequired }} problem={problemOf(form, name)}>
      {control => (
        <input
          {...control}
          type="text"
          name={name}
          value={form.text(name)}
          placeholder={example ?? undefined}
          list={list}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={event => form.set(name, event.currentTarget.value)}
          onBlur={() => form.leave(name)}
        />
      )}
    </Field>
  );
}

/** The field of a provider, by its kind; a key has a component of its own. */
export function ProviderFieldInput({
  form,
  field,
  list
}: {
  form: ProfileForm;
  field: ProviderField;
  list?: string;
}): JSX.Element {
  const { name, required, example } = field;
  return <TextField {...{ form, name, example, list }} isRequired={required} />;
}

interface IValueProps {
  /** Its dotted path. */
  field: string;
  /** How it is typed. */
  kind: ParameterKind;
  text: string;
  /** What holds while the field is empty. */
  placeholder?: string;
  problem: ErrorInfo | null;
  onChange: (text: string) => void;
  onBlur?: () => void;
}

/** A number or a longer text: a parameter of a profile or of a chat, a time limit. */
export function ValueInput(props: IValueProps): JSX.Element {
  const { trans } = usePanel();
  const { field, text, placeholder, problem, onChange, onBlur } = props;
  const { label, hint } = fieldText(field, trans);
  return (
    <Field {...{ label, hint, problem }}>
      {control => {
        const typed = {
          ...control,
          name: field,
          value: text,
          placeholder,
          autoComplete: 'off',
          onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
            onChange(event.currentTarget.value),
          onBlur
        };
        return props.kind === 'text' || props.kind === 'lines' ? (
          <textarea {...typed} rows={props.kind === 'lines' ? 2 : 3} />
        ) : (
          <input {...typed} type="text" inputMode="decimal" />
        );
      }}
    </Field>
  );
}
