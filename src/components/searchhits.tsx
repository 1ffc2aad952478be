/**
 * What a search found: titles and messages, the words marked.
 */
import * as React from 'react';
import type { ISearchHit, ISearchResults } from '../chat/chatsapi';
import { usePanel } from './context';

interface IProps {
  /** Null: still searching. */
  results: ISearchResults | null;
  onFound: (hit: ISearchHit) => void;
}

export function SearchHits({ results, onFound }: IProps): JSX.Element {
  const { trans } = usePanel();
  const count = results?.hits.length ?? 0;
  const said = !results
    ? trans.__('Searching…')
    : results.has_more
      ? trans.__('The newest %1 hits', count)
      : trans._n('%1 hit', '%1 hits', count);
  return (
    <>
      <p className="jp-StreamChat-chatListEmpty" role="status">
        {said}
      </p>
      <ul aria-label={trans.__('Hits')}>
        {results?.hits.map(hit => (
          <li key={`${hit.chat_id} ${hit.message_id}`} className="jp-StreamChat-chatItem">
            <button
              className="jp-StreamChat-chatSwitch jp-StreamChat-hit"
              onClick={() => onFound(hit)}
            >
              <span className="jp-StreamChat-chatTitle">{hit.title || trans.__('New chat')}</span>
              {hit.message_id && (
                <span className="jp-StreamChat-excerpt">
                  {hit.excerpt.map((piece, at) =>
                    piece.is_match ? <mark key={at}>{piece.text}</mark> : piece.text
                  )}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
