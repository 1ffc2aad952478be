/**
 * What is pasted or dropped: long texts, pictures, files of the user's own machine. Read once; nothing to read again.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { decoded } from './decode';
import { bytesContent, cutText, isNotebookName } from './file';
import { storedNotebookText } from './notebook';
import { firstLine } from './notebooks';
import { ContextError, type IContextItem } from './kinds';

/** Code units: a longer text that is pasted becomes an attachment. */
export const LONG_TEXT = 2000;
/** Bytes of a file that is read. */
const MOST_BYTES = 20_000_000;

/** A text that was pasted. */
export function pastedText(text: string, trans: TranslationBundle): IContextItem {
  return {
    kind: 'text',
    title: trans.__('Pasted: %1', firstLine(text).slice(0, 40)),
    detail: '',
    source: {},
    resolve: async limit => cutText(text, limit, { trans })
  };
}

/** A file that was pasted or dropped: text or a picture. */
export function pastedFile(file: File, trans: TranslationBundle): IContextItem {
  const isPicture = file.type.startsWith('image/');
  const name = file.name || (isPicture ? trans.__('Pasted picture') : trans.__('Pasted file'));
  return {
    kind: isPicture ? 'picture' : 'file',
    title: name.slice(0, 200),
    detail: '',
    source: {},
    resolve: async limit => {
      if (file.size > MOST_BYTES) {
        throw new ContextError(trans.__('%1 is too large: more than %2 MB.', name, 20));
      }
      const bytes = new Uint8Array(await file.arrayBuffer());
      if (isNotebookName(name)) {
        return storedNotebookText(name, parsed(bytes), limit, trans);
      }
      return bytesContent(name, bytes, file.type, limit, { trans });
    }
  };
}

/** JSON of a file; null: it is none. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoded(bytes)?.text ?? '');
  } catch {
    return null;
  }
}
