import { PlainText } from '../plaintext';

function create() {
  const node = document.createElement('div');
  const frames: (() => void)[] = [];
  const text = new PlainText({
    node,
    scheduleFrame: callback => {
      frames.push(callback);
      return () => frames.splice(frames.indexOf(callback), 1);
    }
  });
  return { node, text, frame: () => frames.splice(0).forEach(callback => callback()) };
}

describe('PlainText', () => {
  it('shows the first text at once, later text with the next frame', async () => {
    const { node, text, frame } = create();
    text.append('a <b>');
    text.append(' & c');
    await Promise.resolve();
    expect(node.textContent).toBe('a <b> & c');
    text.append(' more');
    expect(node.textContent).toBe('a <b> & c');
    frame();
    expect(node.textContent).toBe('a <b> & c more');
  });

  it('changes nothing once it is frozen, then keeps what was shown', async () => {
    const { node, text, frame } = create();
    text.append('😀 one');
    await Promise.resolve();
    text.append(' two');
    text.freeze();
    frame();
    expect(node.textContent).toBe('😀 one');
    expect(text.shown).toBe(5);
    text.truncate(text.shown);
    text.append('late');
    await text.finish();
    expect(node.textContent).toBe('😀 one');
  });

  it('cuts what was shown too much', async () => {
    const { node, text } = create();
    text.append('😀😀😀');
    await text.finish();
    text.truncate(2);
    await text.finish();
    expect(node.textContent).toBe('😀😀');
    expect(text.shown).toBe(2);
  });

  it('takes a snapshot that goes on, and one that differs', async () => {
    const { node, text } = create();
    text.setText('one');
    text.setText('one two');
    await text.finish();
    expect(node.textContent).toBe('one two');
    text.setText('other');
    await text.finish();
    expect(node.textContent).toBe('other');
    text.dispose();
    expect(node.childNodes).toHaveLength(0);
  });

  it('adds to long text without rewriting it', async () => {
    const { node, text } = create();
    for (let count = 0; count < 10; count += 1) {
      text.append('x'.repeat(3000));
      await text.finish();
    }
    const first = node.firstChild;
    text.append('y');
    await text.finish();
    expect(node.firstChild).toBe(first);
    expect(node.childNodes.length).toBeGreaterThan(3);
    expect(node.textContent).toHaveLength(30_001);
  });
});
