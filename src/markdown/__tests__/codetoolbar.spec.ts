import { Clipboard } from '@jupyterlab/apputils';

import { addCopyButtons } from '../codetoolbar';

it('copies the code of the block it is on, under the label given', () => {
  const copy = jest.spyOn(Clipboard, 'copyToSystem').mockImplementation(() => undefined);
  const onCopied = jest.fn();
  const host = document.createElement('div');
  host.innerHTML =
    '<pre><code>one</code></pre><p>text</p><pre><code>a\n<span>b</span></code></pre>';
  addCopyButtons(host, 'Copy', onCopied);
  const buttons = host.querySelectorAll('button');
  expect([...buttons].map(button => button.getAttribute('aria-label'))).toEqual(['Copy', 'Copy']);
  buttons[1].click();
  expect(copy).toHaveBeenCalledWith('a\nb');
  expect(onCopied).toHaveBeenCalledTimes(1);
  copy.mockRestore();
});

it('names the language in the head line of the code, and keeps it out of the text', () => {
  const host = document.createElement('div');
  host.innerHTML = '<pre><code class="language-python">one</code></pre><pre><code>two</code></pre>';
  addCopyButtons(host, 'Copy');
  addCopyButtons(host, 'Copy');
  const blocks = [...host.querySelectorAll('pre')];
  const names = blocks.map(pre => pre.style.getPropertyValue('--jp-StreamChat-language'));
  expect(names).toEqual(['"python"', '""']);
  expect(blocks.map(pre => pre.querySelectorAll('button').length)).toEqual([1, 1]);
  expect(host.textContent).toBe('onetwo');
});
