/**
 * Attachments as chips: of the draft, and of a question that was asked. A chip opens the exact text that is sent.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { useRef } from 'react';
import { type AttachmentList, type IChip, LIMIT } from '../../context/attachments';
import { estimatedTokens } from '../../context/budget';
import type { IContextItem } from '../../context/kinds';
import type { AttachmentPart } from '../../protocol/generated';
import { usePanel } from '../context';
import { useSignal } from '../hooks';
import { useRoving } from '../roving';
import { iconOf } from './kindicon';

/** The chips of one question: one Tab stop, the arrow keys move within it. */
function ChipList({ children }: { readonly children: React.ReactNode }): JSX.Element {
  const { trans } = usePanel();
  const list = useRef<HTMLUListElement>(null);
  const onRove = useRoving(list, { items: '.jp-StreamChat-chip button', hasTypeAhead: true });
  return (
    <ul
      ref={list}
      className="jp-StreamChat-chips"
      aria-label={trans.__('Attachments')}
      onKeyDown={onRove}
    >
      {children}
    </ul>
  );
}

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
    <ChipList>
      {list.chips.map(chip => (
        <li key={chip.id} data-problem={chip.problem || chip.secretLine ? true : undefined}>
          <Chip
            kind={chip.kind}
            title={chip.title}
            size={sizeOf(chip, trans)}
            warnings={warningsOf(chip, trans)}
            onOpen={() => void openChip(chip, list, load, trans)}
            onReveal={() => list.reveal(chip)}
            onRemove={() => remove(chip)}
          />
          <span className="jp-StreamChat-chipProblem" role="status">
            {chip.problem ?? secretSentence(chip, trans)}
          </span>
        </li>
      ))}
    </ChipList>
  );
}

/** The chips of a question that was asked. */
export function QuestionChips({
  parts,
  load,
  sourceOf
}: {
  parts: readonly AttachmentPart[];
  load: (sha256: string) => Promise<string>;
  /** Null: it cannot be read again. */
  sourceOf: (part: AttachmentPart) => IContextItem | null;
}): JSX.Element {
  const { trans } = usePanel();
  return (
    <ChipList>
      {parts.map((part, at) => (
        <li key={at}>
          <Chip
            kind={part.kind}
            title={part.title}
            size={sizeOf({ part, content: null }, trans)}
            warnings={part.omitted}
            onOpen={() => void openAsked(part, sourceOf(part), load, trans)}
            onReveal={() => sourceOf(part)?.reveal?.()}
          />
        </li>
      ))}
    </ChipList>
  );
}

interface IChipProps {
  readonly kind: string;
  readonly title: string;
  readonly size: string;
  /** Sentences. */
  readonly warnings: readonly string[];
  readonly onOpen: () => void;
  readonly onReveal?: () => void;
  readonly onRemove?: () => void;
}

function Chip(props: IChipProps): JSX.Element {
  const { trans } = usePanel();
  const { title, size, warnings, onOpen, onReveal, onRemove } = props;
  const warning = warnings.join(' ');
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

function warningsOf(chip: IChip, trans: TranslationBundle): readonly string[] {
  const { problem, hasChanged, content, part } = chip;
  if (problem) {
    return [problem];
  }
  const changed = hasChanged ? [trans.__('It has changed since; what is sent is the newest.')] : [];
  const secret = secretSentence(chip, trans);
  return [...changed, ...(secret ? [secret] : []), ...((content ?? part)?.omitted ?? [])];
}

function secretSentence({ secretLine }: IChip, trans: TranslationBundle): string | null {
  return secretLine === null
    ? null
    : trans.__('Line %1 looks like a key or a password. It is sent as it is.', secretLine);
}

function sizeOf(
  { content, part }: Pick<IChip, 'content' | 'part'>,
  trans: TranslationBundle
): string {
  if (isPicture(content?.mediaType ?? part?.media_type)) {
    return trans.__('picture');
  }
  if (content) {
    return tokens(estimatedTokens(content.text), trans);
  }
  return part ? tokens(Math.ceil(part.characters / 4), trans) : '';
}

function isPicture(mediaType: string | undefined): boolean {
  return mediaType?.startsWith('image/') ?? false;
}

function tokens(count: number, trans: TranslationBundle): string {
  return trans.__('about %1 tokens', count);
}

async function openChip(
  chip: IChip,
  list: AttachmentList,
  load: (sha256: string) => Promise<string>,
  trans: TranslationBundle
): Promise<void> {
  const { title, content, part, problem } = (await list.refresh(chip)) ?? chip;
  if (content) {
    const { text, mediaType } = content;
    await openContent(title, content.omitted, Promise.resolve(text), mediaType, trans);
  } else if (problem) {
    await openContent(title, [], Promise.resolve(problem), undefined, trans);
  } else if (part) {
    await openPart(part, load, trans);
  }
}

/** Show what was sent, and say where its source is another one by now. */
async function openAsked(
  part: AttachmentPart,
  source: IContextItem | null,
  load: (sha256: string) => Promise<string>,
  trans: TranslationBundle
): Promise<void> {
  const text = load(part.sha256);
  const [then, now] = await Promise.all([
    text.catch(() => null),
    source?.resolve(LIMIT).catch(() => null)
  ]);
  const hasChanged = then !== null && now && now.text !== then;
  const changed = hasChanged ? [trans.__('The source has changed since.')] : [];
  const omitted = [...changed, ...(part.omitted ?? [])];
  await openContent(part.title, omitted, text, part.media_type, trans);
}

async function openPart(
  { title, omitted, sha256, media_type }: AttachmentPart,
  load: (sha256: string) => Promise<string>,
  trans: TranslationBundle
): Promise<void> {
  await openContent(title, omitted, load(sha256), media_type, trans);
}

/** Show what is sent: text, or a picture in base64 where there is a media type. */
export async function openContent(
  title: string,
  omitted: readonly string[],
  text: Promise<string>,
  mediaType: string | undefined,
  trans: TranslationBundle
): Promise<void> {
  const body = new Widget({ node: document.createElement('div') });
  body.addClass('jp-StreamChat-attachedText');
  const sentence = document.createElement('p');
  const opening = isPicture(mediaType)
    ? trans.__('The model is sent this picture:')
    : trans.__('The model is sent this text:');
  sentence.textContent = [opening, ...omitted].join(' ');
  body.node.append(sentence, await shownContent(title, text, mediaType));
  await showDialog({ title, body, buttons: [Dialog.okButton({ label: trans.__('Close') })] });
}

async function shownContent(
  title: string,
  text: Promise<string>,
  mediaType: string | undefined
): Promise<HTMLElement> {
  const shown = document.createElement('pre');
  shown.tabIndex = 0;
  try {
    const content = await text;
    if (mediaType && isPicture(mediaType)) {
      const image = document.createElement('img');
      image.alt = title;
      image.src = `data:${mediaType};base64,${content}`;
      return image;
    }
    shown.textContent = content;
  } catch (error) {
    shown.textContent = (error as Error).message;
  }
  return shown;
}
