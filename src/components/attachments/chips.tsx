/**
 * Attachments as chips: of the draft, and of a question that was asked. A chip opens the exact text that is sent.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import type { AttachmentList, IChip } from '../../context/attachments';
import { estimatedTokens } from '../../context/budget';
import type { AttachmentPart } from '../../protocol/generated';
import { usePanel } from '../context';
import { useSignal } from '../hooks';
import { iconOf } from './kindicon';

interface IChipsProps {
  readonly list: AttachmentList;
  /** The content of a chip whose text is on the server alone. */
  readonly load: (sha256: string) => Promise<string>;
  /** Where the focus goes when a chip is removed. */
  readonly onRemoved: () => void;
}

/** The chips above the field. */
export function DraftChips({ list, load, onRemoved }: IChipsProps): JSX.Element | null {
  const { trans } = usePanel();
  useSignal(list.changed);
  if (list.chips.length === 0) {
    return null;
  }
  const remove = (chip: IChip) => {
    list.remove(chip.id);
    onRemoved();
  };
  return (
    <ul className="jp-StreamChat-chips" aria-label={trans.__('Attachments')}>
      {list.chips.map(chip => (
        <li key={chip.id} data-problem={chip.problem ? true : undefined}>
          <Chip
            kind={chip.item?.kind ?? chip.part?.kind ?? ''}
            title={chip.title}
            size={sizeOf(chip, trans)}
            omitted={chip.content?.omitted ?? chip.part?.omitted ?? []}
            problem={chip.problem}
            onOpen={() => void openChip(chip, load, trans)}
            onReveal={() => chip.item?.reveal?.()}
            onRemove={() => remove(chip)}
          />
          {chip.problem && (
            <span className="jp-StreamChat-chipProblem" role="status">
              {chip.problem}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The chips of a question that was asked. */
export function QuestionChips({
  parts,
  load
}: {
  parts: readonly AttachmentPart[];
  load: (sha256: string) => Promise<string>;
}): JSX.Element {
  const { trans } = usePanel();
  return (
    <ul className="jp-StreamChat-chips" aria-label={trans.__('Attachments')}>
      {parts.map((part, at) => (
        <li key={at}>
          <Chip
            kind={part.kind}
            title={part.title}
            size={tokens(Math.ceil(part.characters / 4), trans)}
            omitted={part.omitted}
            problem={null}
            onOpen={() => void openText(part.title, part.omitted, load(part.sha256), trans)}
          />
        </li>
      ))}
    </ul>
  );
}

interface IChipProps {
  readonly kind: string;
  readonly title: string;
  readonly size: string;
  readonly omitted: readonly string[];
  readonly problem: string | null;
  readonly onOpen: () => void;
  readonly onReveal?: () => void;
  readonly onRemove?: () => void;
}

function Chip(props: IChipProps): JSX.Element {
  const { trans } = usePanel();
  const { title, size, omitted, problem, onOpen, onReveal, onRemove } = props;
  const warning = problem ?? omitted.join(' ');
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (onRemove && (event.key === 'Backspace' || event.key === 'Delete')) {
      event.preventDefault();
      onRemove();
    }
  };
  return (
    <span className="jp-StreamChat-chip">
      <button
        className="jp-StreamChat-chipOpen"
        title={[title, size, warning].filter(Boolean).join('\n')}
        aria-label={[title, size, warning].filter(Boolean).join(', ')}
        onKeyDown={onKeyDown}
        onClick={event => (event.altKey && onReveal ? onReveal() : onOpen())}
      >
        {iconOf(props.kind)}
        <span className="jp-StreamChat-chipTitle">{title}</span>
        <span className="jp-StreamChat-chipSize">{size}</span>
        {warning && <span aria-hidden="true">⚠</span>}
      </button>
      {onRemove && (
        <button
          className="jp-StreamChat-chipRemove"
          aria-label={trans.__('Remove %1', title)}
          title={trans.__('Remove %1', title)}
          onClick={onRemove}
        >
          <closeIcon.react tag="span" />
        </button>
      )}
    </span>
  );
}

function sizeOf({ content, part }: IChip, trans: TranslationBundle): string {
  if (content) {
    return tokens(estimatedTokens(content.text), trans);
  }
  return part ? tokens(Math.ceil(part.characters / 4), trans) : '';
}

function tokens(count: number, trans: TranslationBundle): string {
  return trans.__('about %1 tokens', count);
}

async function openChip(
  { title, content, part, problem }: IChip,
  load: (sha256: string) => Promise<string>,
  trans: TranslationBundle
): Promise<void> {
  if (content) {
    await openText(title, content.omitted, Promise.resolve(content.text), trans);
  } else if (part) {
    await openText(title, part.omitted, load(part.sha256), trans);
  } else if (problem) {
    await openText(title, [], Promise.resolve(problem), trans);
  }
}

export async function openText(
  title: string,
  omitted: readonly string[],
  text: Promise<string>,
  trans: TranslationBundle
): Promise<void> {
  const body = new Widget({ node: document.createElement('div') });
  body.addClass('jp-StreamChat-attachedText');
  const sentence = document.createElement('p');
  sentence.textContent = [trans.__('The model is sent this text:'), ...omitted].join(' ');
  const shown = document.createElement('pre');
  shown.tabIndex = 0;
  shown.textContent = await text.catch((error: Error) => error.message);
  body.node.append(sentence, shown);
  await showDialog({ title, body, buttons: [Dialog.okButton({ label: trans.__('Close') })] });
}
