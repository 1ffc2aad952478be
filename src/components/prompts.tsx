/**
 * The menu of the user's own prompts: opened by `/` at the beginning of the field, searched by what is typed behind it.
 */
import * as React from 'react';
import { useId, useLayoutEffect, useRef, useState } from 'react';
import { fill, type IPrompt, matching, slashBefore } from '../chat/prompts';
import { LIMIT } from '../context/attachments';
import type { ContextKinds } from '../context/kinds';
import { usePanel } from './context';

interface IOptions {
  readonly kinds: ContextKinds;
  readonly draft: string;
  readonly onDraft: (text: string) => void;
  readonly input: React.RefObject<HTMLTextAreaElement>;
}

export interface IPromptMenu {
  /** The identifier of the list; undefined: it is closed. */
  readonly id: string | undefined;
  /** The prompt that Enter chooses, for `aria-activedescendant`. */
  readonly activeId: string | undefined;
  /** Look for `/` before the caret. */
  look(): void;
  /** Returns whether the key was the menu's. */
  onKeyDown(event: React.KeyboardEvent): boolean;
  readonly element: React.ReactNode;
}

export function usePromptMenu({ kinds, draft, onDraft, input }: IOptions): IPromptMenu {
  const { trans, settings } = usePanel();
  const id = useId();
  const [query, setQuery] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const selection = useRef<{ text: string; start: number; end: number } | null>(null);
  const newest = useRef(draft);
  newest.current = draft;
  // The draft may have changed otherwise: it was sent, or is another chat's.
  const isHere = query !== null && draft.startsWith(`/${query}`);
  const found = isHere ? matching(settings.prompts, query) : [];
  const isOpen = found.length > 0;
  const active = Math.min(at, found.length - 1);

  // Once the field has the text.
  useLayoutEffect(() => {
    const { text, start, end } = selection.current ?? {};
    if (text === draft && start !== undefined && end !== undefined) {
      selection.current = null;
      input.current?.setSelectionRange(start, end);
    }
  }, [draft, input]);

  const look = () => {
    const field = input.current;
    setQuery(field && slashBefore(field.value, field.selectionStart));
    setAt(0);
  };
  const choose = async ({ text: prompt }: IPrompt) => {
    const rest = draft.slice(1 + (query ?? '').length);
    setQuery(null);
    input.current?.focus();
    const filled = await fill(prompt, place => read(place, kinds));
    if (newest.current !== draft) {
      return;
    }
    const text = filled.text + rest;
    const { length } = filled.text;
    selection.current = { text, ...(filled.open ?? { start: length, end: length }) };
    onDraft(text);
  };

  const onKeyDown = (event: React.KeyboardEvent): boolean => {
    if (!isOpen) {
      return false;
    }
    const { length } = found;
    const step = { ArrowDown: 1, ArrowUp: length - 1 }[event.key];
    if (step !== undefined) {
      setAt((active + step) % length);
    } else if (event.key === 'Escape') {
      setQuery(null);
    } else if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') {
      void choose(found[active]);
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
      className="jp-StreamChat-attachMenu jp-StreamChat-promptMenu"
      role="listbox"
      aria-label={trans.__('Your prompts')}
    >
      {found.map((prompt, index) => (
        <li
          key={index}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          // Not a click: the field keeps the focus.
          onMouseDown={event => {
            event.preventDefault();
            void choose(prompt);
          }}
          ref={node => {
            if (index === active) {
              node?.scrollIntoView?.({ block: 'nearest' });
            }
          }}
        >
          <span className="jp-StreamChat-attachTitle">/{prompt.name}</span>
          <span className="jp-StreamChat-attachDetail">{prompt.text}</span>
        </li>
      ))}
    </ul>
  );
  return {
    id: isOpen ? id : undefined,
    activeId: isOpen ? `${id}-${active}` : undefined,
    look,
    onKeyDown,
    element
  };
}

/** The text for a place: of what the kind of that name proposes first. */
async function read(place: string, kinds: ContextKinds): Promise<string | null> {
  try {
    const content = await (await kinds.nearest(place))?.resolve(LIMIT);
    // A picture has no text to put in.
    return content && !content.mediaType?.startsWith('image/') ? content.text : null;
  } catch {
    return null; // It cannot be read: the place stays, for the user to see.
  }
}
