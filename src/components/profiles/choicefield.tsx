/**
 * A field of the form where one of a few values is chosen.
 */
import * as React from 'react';
import type { ErrorInfo } from '../../protocol/generated';
import { Field } from './field';

interface IProps {
  name: string;
  label: string;
  hint?: string;
  problem?: ErrorInfo | null;
  value: string;
  /** Values with what the reader reads; '' is for none. */
  choices: readonly (readonly [value: string, label: string])[];
  onChange: (value: string) => void;
}

export function ChoiceField(props: IProps): JSX.Element {
  const { name, value, choices, onChange, ...about } = props;
  return (
    <Field {...about}>
      {control => (
        <select
          {...control}
          name={name}
          value={value}
          onChange={event => onChange(event.currentTarget.value)}
        >
          {choices.map(([each, label]) => (
            <option key={each} value={each}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
