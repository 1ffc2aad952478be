/**
 * The menu of what can be attached: opened by `@` in the field or by the button, searched by what is typed behind it.
 */
import * as React from 'react';
import { useEffect, useId, useState } from 'react';
import type { AttachmentList } from '../../context/attachments';
import { type ContextKinds, type IContextItem, isSame } from '../../context/kinds';
import { type IMention, mentionBefore } from '../../context/mention';
import type { IFound } from '../../context/search';
import { usePanel } from '../context';
import { iconOf } from './kindicon';

const NOTHING: IFound = { items: [], isSearching: false };

interface IOptions {
  readonly kinds: ContextKinds;
  readonly list: AttachmentList;
  readonly draft: string;
  readonly onDraft: (text: string) => void;
  readonly input: React.RefObject<HTMLTextAreaElement>;
}

export interface IAttachMenu {
  /** The identifier of the list; undefined: it is closed. */
  readonly id: string | undefined;
  /** The item that Enter attaches, for `aria-activedescendant`. */
  readonly activeId: string | undefined;
  /** Look for `@` before the caret. */
  look(): void;
  /** Put an `@` at the caret, as the button does. */
  open(): void;
  /** Returns whether the key was the menu's. */
  onKeyDown(event: React.KeyboardEvent): boolean;
  readonly element: React.ReactNode;
}

export function useAttachMenu({ kinds, list, draft, onDraft, input }: IOptions): IAttachMenu {
  const { trans } = usePanel();
  const id = useId();
  const [mention, setMention] = useState<IMention | null>(null);
  const [{ items, isSearching }, setFound] = useState<IFound>(NOTHING);
  const [selected, select] = useState<IContextItem | null>(null);
  const query = mention?.query;

  useEffect(() => {
    if (query === undefined) {
      setFound(NOTHING);
      return;
    }
    select(null);
    const search = kinds.search(query, found => {
      setFound(found);
      // What joins later does not change what Enter attaches.
      select(current => current ?? found.items[0] ?? null);
    });
    return () => search.dispose();
  }, [kinds, query]);
  // An item is made anew whenever its kind is asked.
  const at = Math.max(
    items.findIndex(item => selected && isSame(item, selected)),
    0
  );

  const look = () => {
    const field = input.current;
    const found = field && mentionBefore(field.value, field.selectionStart);
    setMention(found ?? null);
  };
  const replace = ({ start, end }: IMention) => {
    onDraft(draft.slice(0, start) + draft.slice(end));
    setMention(null);
    input.current?.focus();
  };
  const choose = (item: IContextItem) => {
    if (mention) {
      replace(mention);
    }
    void list.add(item);
  };
  const open = () => {
    const caret = input.current?.selectionStart ?? draft.length;
    const gap = caret > 0 && !/\s$/.test(draft.slice(0, caret)) ? ' ' : '';
    const start = caret + gap.length;
    onDraft(`${draft.slice(0, caret)}${gap}@${draft.slice(caret)}`);
    setMention({ start, end: start + 1, query: '' });
    input.current?.focus();
    // Once the field has the text.
    window.requestAnimationFrame(() => input.current?.setSelectionRange(start + 1, start + 1));
  };
  const isOpen = mention !== null && (items.length > 0 || isSearching);

  const onKeyDown = (event: React.KeyboardEvent): boolean => {
    if (!mention || (!isOpen && event.key !== 'Escape')) {
      return false;
    }
    if (items.length === 0 && event.key !== 'Escape') {
      // Enter would send a question whose attachment is still looked for.
      if (event.key === 'Enter') {
        event.preventDefault();
      }
      return event.key === 'Enter';
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      select(items[(at + step + items.length) % items.length]);
    } else if (event.key === 'Escape') {
      if (mention.query === '') {
        replace(mention);
      }
      setMention(null);
    } else if (event.key === 'Enter' || event.key === 'Tab') {
      choose(items[at]);
    } else {
      return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  };

  const element = isOpen && (
    <ul
      id={id}
      className="jp-StreamChat-attachMenu"
      role="listbox"
      aria-label={trans.__('What to attach')}
    >
      {items.length === 0 && (
        <li
          className="jp-StreamChat-attachDetail"
          role="option"
          aria-disabled="true"
          aria-selected="false"
        >
          {trans.__('Searching…')}
        </li>
      )}
      {items.map((item, index) => (
        <li
          key={index}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === at}
          data-kind={item.kind}
          // Not a click: the field keeps the focus.
          onMouseDown={event => {
            event.preventDefault();
            choose(item);
          }}
          ref={node => {
            if (index === at) {
              node?.scrollIntoView?.({ block: 'nearest' });
            }
          }}
        >
          {iconOf(item.kind)}
          <span className="jp-StreamChat-attachTitle">{item.title}</span>
          <span className="jp-StreamChat-attachDetail">{item.detail}</span>
        </li>
      ))}
    </ul>
  );
  const activeId = isOpen && items.length > 0 ? `${id}-${at}` : undefined;
  return { id: isOpen ? id : undefined, activeId, look, open, onKeyDown, element };
}
