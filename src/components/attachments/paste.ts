/**
 * Paste into the composer: a long text, a picture and a file become chips.
 */
import type * as React from 'react';
import type { AttachmentList } from '../../context/attachments';
import { LONG_TEXT, pastedFile, pastedText } from '../../context/pasted';
import { usePanel } from '../context';

/**
 * The handler of what is pasted.
 *
 * @param list - null: nothing can be attached, all text goes into the field.
 */
export function usePaste(list: AttachmentList | null): (event: React.ClipboardEvent) => void {
  const { trans } = usePanel();
  return event => {
    const { clipboardData } = event;
    const text = clipboardData.getData('text/plain');
    const files = [...clipboardData.files];
    if (!list) {
      return;
    }
    if (text.length > LONG_TEXT) {
      event.preventDefault();
      void list.add(pastedText(text, trans));
    } else if (text === '' && files.length > 0) {
      // Spreadsheets and word processors put a picture of the text beside it.
      event.preventDefault();
      files.forEach(file => void list.add(pastedFile(file, trans)));
    }
  };
}
