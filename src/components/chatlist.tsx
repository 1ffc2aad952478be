/**
 * The list of chats: search, switch, rename in place, archive, delete.
 */
import { deleteIcon, downloadIcon, editIcon, searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { groupedByDay, Period, repeatedTitles } from '../chat/chatgroups';
import type { ISearchHit, ISearchResults } from '../chat/chatsapi';
import { archiveIcon } from '../icons';
import type { ChatInfo } from '../protocol/generated';
import { usePanel } from './context';
import { useRoving } from './roving';
import { SearchHits } from './searchhits';

interface IProps {
  chats: readonly ChatInfo[];
  currentId: string | null;
  onSwitch: (chatId: string) => void;
  onRename: (chatId: string, title: string) => void;
  onDelete: (chat: ChatInfo) => void;
  onArchive?: (chatId: string, isArchived: boolean) => void;
  /** Where a chat is to be had as a file. */
  exportUrl: (chatId: string) => string;
  /** Find where all words of a query occur; absent: there is no search. */
  search?: (query: string) => Promise<ISearchResults>;
  onFound?: (hit: ISearchHit) => void;
  /** Make a chat of a file; absent: there is no import. */
  onImport?: (file: Blob) => void;
  onClose: () => void;
}

/** Milliseconds without a keystroke until what is typed is searched for. */
const SEARCH_DELAY = 120;

export function ChatList(props: IProps): JSX.Element {
  const { trans } = usePanel();
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState('');
  const results = useSearch(query, props.search);
  const onRove = useRoving(list, {
    items: '.jp-StreamChat-chatItem :is(button, a)',
    rows: '.jp-StreamChat-chatItem',
    hasTypeAhead: true
  });

  useEffect(() => {
    const current = list.current?.querySelector<HTMLElement>('[aria-current]');
    const first = list.current?.querySelector<HTMLElement>('.jp-StreamChat-chatItem button');
    (current ?? first ?? list.current?.querySelector<HTMLElement>('input, button'))?.focus();
  }, []);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === 'Escape') {
      event.stopPropagation();
      if (query) {
        setQuery('');
        list.current?.querySelector('input')?.focus();
      } else {
        props.onClose();
      }
    } else if (event.key === 'ArrowDown' && event.target instanceof HTMLInputElement) {
      list.current?.querySelector<HTMLElement>('.jp-StreamChat-chatSwitch')?.focus();
    } else {
      onRove(event);
    }
  };

  return (
    <div
      id="jp-StreamChat-chats"
      className="jp-StreamChat-chatList"
      role="group"
      aria-label={trans.__('Chats')}
      ref={list}
      onKeyDown={onKeyDown}
    >
      {props.search && (
        <label className="jp-StreamChat-search">
          <searchIcon.react tag="span" />
          <input
            type="search"
            aria-label={trans.__('Search in all chats')}
            placeholder={trans.__('Search in all chats')}
            value={query}
            onChange={event => setQuery(event.currentTarget.value)}
          />
        </label>
      )}
      {query.trim() ? (
        <SearchHits results={results} onFound={hit => props.onFound?.(hit)} />
      ) : (
        <>
          <Groups {...props} />
          {props.onImport && <ImportButton onImport={props.onImport} />}
        </>
      )}
    </div>
  );
}

function ImportButton({ onImport }: { onImport: (file: Blob) => void }): JSX.Element {
  const { trans } = usePanel();
  const file = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        className="jp-StreamChat-textButton jp-StreamChat-import"
        title={trans.__('A chat that was saved as JSON')}
        onClick={() => file.current?.click()}
      >
        {trans.__('Import a chat')}
      </button>
      <input
        ref={file}
        type="file"
        hidden
        accept=".json,application/json"
        onChange={({ currentTarget }) => {
          if (currentTarget.files?.[0]) {
            onImport(currentTarget.files[0]);
          }
          currentTarget.value = '';
        }}
      />
    </>
  );
}

/** The results for what is typed; null until they are here. */
function useSearch(query: string, search: IProps['search']): ISearchResults | null {
  const [found, setFound] = useState<{ query: string; results: ISearchResults } | null>(null);
  const ask = useRef(search);
  ask.current = search;
  const wanted = query.trim();
  useEffect(() => {
    let isWanted = true;
    const timer = window.setTimeout(() => {
      if (wanted && ask.current) {
        ask.current(wanted).then(
          results => isWanted && setFound({ query: wanted, results }),
          (error: unknown) => console.warn('jupyter-stream-chat: the search failed', error)
        );
      }
    }, SEARCH_DELAY);
    return () => {
      isWanted = false;
      window.clearTimeout(timer);
    };
  }, [wanted]);
  // What was found for the letters before is better than nothing.
  return wanted && found && wanted.startsWith(found.query[0]) ? found.results : null;
}

function Groups(props: IProps): JSX.Element {
  const { trans } = usePanel();
  const { chats } = props;
  const kept = useMemo(() => chats.filter(({ archived }) => !archived), [chats]);
  const archived = useMemo(() => chats.filter(chat => chat.archived), [chats]);
  const repeated = useMemo(() => repeatedTitles(chats), [chats]);
  if (chats.length === 0) {
    return <p className="jp-StreamChat-chatListEmpty">{trans.__('No chats yet')}</p>;
  }
  return (
    <>
      {groupedByDay(kept, Date.now()).map(({ period, chats: group }) => (
        <Group key={String(period)} {...props} {...{ repeated, period }} chats={group} />
      ))}
      {archived.length > 0 && (
        <details className="jp-StreamChat-archive">
          <summary>{trans.__('Archived (%1)', archived.length)}</summary>
          <ul aria-label={trans.__('Archived chats')}>
            {archived.map(chat => (
              <Item key={chat.chat_id} {...props} {...{ repeated, chat }} />
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

interface IShown {
  /** Titles that more than one chat has. */
  repeated: ReadonlySet<string>;
}

function Group(props: IProps & IShown & { period: Period }): JSX.Element {
  const { trans } = usePanel();
  const { period, chats } = props;
  const name =
    period instanceof Date
      ? period.toLocaleDateString(undefined, { month: 'long', year: 'numeric' })
      : {
          today: trans.__('Today'),
          yesterday: trans.__('Yesterday'),
          week: trans.__('Last 7 days')
        }[period];
  return (
    <section aria-label={name}>
      <h3 className="jp-StreamChat-day">{name}</h3>
      <ul aria-label={name}>
        {chats.map(chat => (
          <Item key={chat.chat_id} {...props} chat={chat} />
        ))}
      </ul>
    </section>
  );
}

interface IItemProps extends IProps, IShown {
  chat: ChatInfo;
}

function Item(props: IItemProps): JSX.Element {
  const { chat, onRename } = props;
  const [isRenaming, setRenaming] = useState(false);
  const node = useRef<HTMLLIElement>(null);
  const wasRenaming = useRef(false);
  // Before anybody else notes that the field has gone.
  useLayoutEffect(() => {
    // Who has renamed it is at its line again; who has gone elsewhere meanwhile stays there.
    if (wasRenaming.current && !isRenaming && document.activeElement === document.body) {
      node.current?.querySelector<HTMLElement>('button')?.focus();
    }
    wasRenaming.current = isRenaming;
  }, [isRenaming]);
  return (
    <li
      ref={node}
      className="jp-StreamChat-chatItem"
      data-current={chat.chat_id === props.currentId}
    >
      {isRenaming ? (
        <TitleField
          title={chat.title}
          onDone={title => {
            setRenaming(false);
            if (title && title !== chat.title) {
              onRename(chat.chat_id, title);
            }
          }}
        />
      ) : (
        <ChatLine {...props} onEdit={() => setRenaming(true)} />
      )}
    </li>
  );
}

function ChatLine(props: IItemProps & { onEdit: () => void }): JSX.Element {
  const { trans } = usePanel();
  const { chat, onArchive } = props;
  const title = chat.title || trans.__('New chat');
  const rename = trans.__('Rename %1', title);
  const save = trans.__('Save %1 as Markdown', title);
  const archive = chat.archived
    ? trans.__('Take %1 out of the archive', title)
    : trans.__('Archive %1', title);
  const remove = trans.__('Delete %1', title);
  return (
    <>
      <button
        className="jp-StreamChat-chatSwitch"
        aria-current={chat.chat_id === props.currentId || undefined}
        title={title}
        onClick={() => props.onSwitch(chat.chat_id)}
      >
        {chat.running && (
          <span
            className="jp-StreamChat-chatRunning"
            role="img"
            aria-label={trans.__('An answer is being written')}
          />
        )}
        <span className="jp-StreamChat-chatTitle">{title}</span>
        {props.repeated.has(chat.title) && (
          <time className="jp-StreamChat-chatTime">{timeOf(chat)}</time>
        )}
      </button>
      <button
        className="jp-StreamChat-iconButton"
        aria-label={rename}
        title={rename}
        onClick={props.onEdit}
      >
        <editIcon.react tag="span" />
      </button>
      <a
        className="jp-StreamChat-iconButton"
        aria-label={save}
        title={save}
        href={props.exportUrl(chat.chat_id)}
        download
      >
        <downloadIcon.react tag="span" />
      </a>
      {onArchive && (
        <button
          className="jp-StreamChat-iconButton"
          aria-label={archive}
          title={archive}
          onClick={({ currentTarget }) => {
            focusBeside(currentTarget);
            onArchive(chat.chat_id, !chat.archived);
          }}
        >
          <archiveIcon.react tag="span" />
        </button>
      )}
      <button
        className="jp-StreamChat-iconButton"
        aria-label={remove}
        title={remove}
        onClick={({ currentTarget }) => {
          focusBeside(currentTarget);
          props.onDelete(chat);
        }}
      >
        <deleteIcon.react tag="span" />
      </button>
    </>
  );
}

/** The line goes: the focus is on the next one, or the one before, or in the search field. */
function focusBeside(button: HTMLElement): void {
  const list = button.closest('.jp-StreamChat-chatList');
  const lines = [...(list?.querySelectorAll('.jp-StreamChat-chatItem') ?? [])];
  const at = lines.findIndex(line => line.contains(button));
  const beside = lines[at + 1] ?? lines[at - 1];
  (beside?.querySelector<HTMLElement>('button') ?? list?.querySelector('input'))?.focus();
}

/** When something was last asked: today the time, else the day as well. */
function timeOf({ updated_at }: ChatInfo): string {
  const date = new Date(updated_at * 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString(undefined, { timeStyle: 'short' })
    : date.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' });
}

function TitleField({
  title,
  onDone
}: {
  title: string;
  onDone: (title: string | null) => void;
}): JSX.Element {
  const { trans } = usePanel();
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.select(), []);

  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === 'Enter') {
      onDone(event.currentTarget.value.trim());
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      onDone(null);
    }
  };

  return (
    <input
      ref={field}
      aria-label={trans.__('Title')}
      defaultValue={title}
      maxLength={200}
      onKeyDown={onKeyDown}
      onBlur={event => onDone(event.currentTarget.value.trim())}
    />
  );
}
