/**
 * Paste into the composer: a long text, a picture and a file become chips. What cannot be taken is said.
 */
import type * as React from 'react';
import type { AttachmentList } from '../../context/attachments';
import { LONG_TEXT, pastedFile, pastedText } from '../../context/pasted';
import { usePanel } from '../context';

/**
 * The handler of what is pasted.
 *
 * @param list - null: nothing can be attached, all text goes into the field.
 * @param refuse - told in a sentence why nothing was pasted.
 */
export function usePaste(
  list: AttachmentList | null,
  refuse: (reason: string) => void
): (event: React.ClipboardEvent) => void {
  const { trans } = usePanel();
  return event => {
    const { clipboardData } = event;
    const text = clipboardData.getData('text/plain');
    const files = [...clipboardData.files];
    if (text === '' && files.length === 0 && clipboardData.types.length > 0) {
      refuse(trans.__('Nothing was pasted: the clipboard holds neither text nor a file.'));
    } else if (!list) {
      if (text === '' && files.length > 0) {
        refuse(trans.__('Nothing was pasted: files and pictures cannot be attached here.'));
      }
    } else if (text.length > LONG_TEXT) {
      event.preventDefault();
      void list.add(pastedText(text, trans));
    } else if (text === '' && files.length > 0) {
      // Spreadsheets and word processors put a picture of the text beside it.
      event.preventDefault();
      files.forEach(file => void list.add(pastedFile(file, trans)));
    }
  };
}
