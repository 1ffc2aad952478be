/**
 * A model by hub id or folder: its sizes before anything is downloaded or loaded, and what to do with it.
 */
import * as React from 'react';
import { useEffect, useState } from 'react';
import type { LocalModels } from '../../profiles/localmodels';
import { usePanel } from '../context';
import { Field } from '../profiles/field';
import { ModelSizes } from './sizes';

interface IProps {
  models: LocalModels;
  inputRef: React.RefObject<HTMLInputElement>;
  /** Make a profile of a model. */
  onProfile: (model: string) => void;
}

export function ModelPicker({ models, inputRef, onProfile }: IProps): JSX.Element {
  const { trans, localize } = usePanel();
  const [name, setName] = useState('');
  const { inspected, inspectionError, isInspecting } = models;
  const typed = name.trim();

  useEffect(() => inputRef.current?.focus(), [inputRef]);

  const onSubmit = (event: React.FormEvent) => {
    event.preventDefault();
    if (typed && !isInspecting) {
      void models.inspect(typed);
    }
  };

  return (
    <form className="jp-StreamChat-modelPicker" noValidate onSubmit={onSubmit}>
      <Field
        label={trans.__('Model')}
        hint={trans.__('Its name on the Hugging Face hub, or a folder of this machine')}
        problem={inspectionError && localize(inspectionError)}
      >
        {control => (
          <input
            {...control}
            ref={inputRef}
            type="text"
            value={name}
            placeholder="Qwen/Qwen2.5-0.5B-Instruct"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            onChange={event => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <div className="jp-StreamChat-row">
        <button
          type="submit"
          className="jp-StreamChat-textButton"
          aria-disabled={!typed || isInspecting || undefined}
        >
          {trans.__('Check size')}
        </button>
        <span role="status">{isInspecting && trans.__('Asking…')}</span>
      </div>
      {inspected && (
        <section aria-label={inspected.model} className="jp-StreamChat-modelFound" role="group">
          <strong>{inspected.model}</strong>
          <ModelSizes model={inspected} />
          <div className="jp-StreamChat-row">
            {!inspected.is_complete && (
              <button
                type="button"
                className="jp-StreamChat-primary"
                onClick={() => {
                  void models.act('download', inspected.model);
                  inputRef.current?.focus(); // the button goes away
                }}
              >
                {trans.__('Download')}
              </button>
            )}
            <button
              type="button"
              className="jp-StreamChat-textButton"
              onClick={() => onProfile(inspected.model)}
            >
              {trans.__('New profile')}
            </button>
          </div>
        </section>
      )}
    </form>
  );
}
