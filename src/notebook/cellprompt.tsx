/**
 * The line at a cell that asks what code to write: where it goes, which model writes it, and what is sent.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useRef, useState } from 'react';
import type { WorkspaceModel } from '../chat/workspace';
import { openContent } from '../components/attachments/chips';
import { iconOf } from '../components/attachments/kindicon';
import { useSignal } from '../components/hooks';
import type { AttachmentList, IChip } from '../context/attachments';

/** Where the code goes: into the empty cell, a new cell below, or in the place of what the cell holds. */
export type Place = 'here' | 'below' | 'change';

/** What the user asks for. */
export interface IAsked {
  readonly text: string;
  readonly place: Place;
  /** Null: the default. */
  readonly profileId: string | null;
}

interface IOptions {
  readonly trans: TranslationBundle;
  readonly workspace: WorkspaceModel;
  /** Those that are possible, the one that is chosen first. */
  readonly places: readonly Place[];
  readonly profileId: string | null;
  readonly attachments: AttachmentList;
  /** The place was chosen anew. */
  readonly onPlace: (place: Place) => void;
  /** Ask; the prompt remains until its owner disposes of it. */
  readonly submit: (asked: IAsked) => void;
  readonly leave: () => void;
}

export class CellPrompt extends ReactWidget {
  constructor(private readonly _options: IOptions) {
    super();
    this.addClass('jp-StreamChat-cellPrompt');
    // Keys pressed here are no commands of the notebook.
    this.node.setAttribute('data-lm-suppress-shortcuts', 'true');
  }

  protected override render(): JSX.Element {
    return <Prompt {...this._options} />;
  }
}

function Prompt(props: IOptions): JSX.Element {
  const { trans, workspace, places, attachments } = props;
  const [place, setPlace] = useState(places[0]);
  const [profileId, setProfileId] = useState(props.profileId);
  const input = useRef<HTMLInputElement>(null);
  useSignal(workspace.changed);
  useSignal(attachments.changed);
  useEffect(() => input.current?.focus(), []);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      props.leave();
    } else if (event.key === 'Enter' && event.target === input.current) {
      event.preventDefault();
      event.stopPropagation();
      const text = input.current?.value ?? '';
      if (text.trim() !== '') {
        props.submit({ text, place, profileId });
      }
    }
  };
  const choosePlace = (chosen: Place): void => {
    setPlace(chosen);
    props.onPlace(chosen);
  };
  const question = trans.__('What should the code do?');
  return (
    <div className="jp-StreamChat-promptLines" onKeyDown={onKeyDown}>
      <div className="jp-StreamChat-promptLine">
        <input
          ref={input}
          type="text"
          className="jp-mod-styled"
          placeholder={question}
          aria-label={question}
        />
        {places.length > 1 && (
          <select
            aria-label={trans.__('Where the code goes')}
            value={place}
            onChange={event => choosePlace(event.target.value as Place)}
          >
            {places.map(each => (
              <option key={each} value={each}>
                {placeName(each, trans)}
              </option>
            ))}
          </select>
        )}
        <select
          aria-label={trans.__('Model that writes the code')}
          value={profileId ?? ''}
          onChange={event => setProfileId(event.target.value || null)}
        >
          {profileId === null && <option value="">{trans.__('Default model')}</option>}
          {workspace.profiles.map(({ profile_id: id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <Sent {...{ trans, attachments }} onRemoved={() => input.current?.focus()} />
    </div>
  );
}

function placeName(place: Place, trans: TranslationBundle): string {
  switch (place) {
    case 'here':
      return trans.__('In this cell');
    case 'below':
      return trans.__('New cell below');
    case 'change':
      return trans.__('Change this cell');
  }
}

interface ISentProps {
  readonly trans: TranslationBundle;
  readonly attachments: AttachmentList;
  readonly onRemoved: () => void;
}

/** What is sent beside the line: chips that open the exact text, and can be removed. */
function Sent({ trans, attachments, onRemoved }: ISentProps): JSX.Element {
  const { chips } = attachments;
  if (chips.length === 0) {
    return <span className="jp-StreamChat-promptNote">{trans.__('Sends this line alone.')}</span>;
  }
  const remove = (id: number): void => {
    attachments.remove(id);
    onRemoved();
  };
  return (
    <div className="jp-StreamChat-promptLine">
      <span className="jp-StreamChat-promptNote">{trans.__('Sends this line and:')}</span>
      <ul className="jp-StreamChat-chips" aria-label={trans.__('Attachments')}>
        {chips.map(chip => (
          <li key={chip.id} data-problem={chip.problem ? true : undefined}>
            <SentChip {...{ chip, trans }} onRemove={() => remove(chip.id)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface ISentChipProps {
  readonly chip: IChip;
  readonly trans: TranslationBundle;
  readonly onRemove: () => void;
}

function SentChip({ chip, trans, onRemove }: ISentChipProps): JSX.Element {
  const { title, item, content, problem } = chip;
  const warning = problem ?? content?.omitted.join(' ') ?? '';
  const open = (): void => {
    const text = Promise.resolve(content?.text ?? problem ?? '');
    void openContent(title, content?.omitted ?? [], text, content?.mediaType, trans);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === 'Backspace' || event.key === 'Delete') {
      event.preventDefault();
      onRemove();
    }
  };
  return (
    <span className="jp-StreamChat-chip">
      <button
        type="button"
        className="jp-StreamChat-chipOpen"
        title={[title, item?.detail, warning].filter(Boolean).join('\n')}
        onKeyDown={onKeyDown}
        onClick={open}
      >
        {iconOf(item?.kind ?? '')}
        <span className="jp-StreamChat-chipTitle">{title}</span>
        {warning && <span aria-hidden="true">⚠</span>}
      </button>
      <button
        type="button"
        className="jp-StreamChat-chipRemove"
        aria-label={trans.__('Remove %1', title)}
        title={trans.__('Remove %1', title)}
        onClick={onRemove}
      >
        <closeIcon.react tag="span" />
      </button>
    </span>
  );
}
