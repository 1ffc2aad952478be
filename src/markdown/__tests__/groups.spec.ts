import { BlockGroups, GROUP_CLASS, SETTLED_CLASS } from '../groups';

function create() {
  const root = document.createElement('div');
  const end = document.createElement('footer');
  root.append(end);
  const frames: (() => void)[] = [];
  const groups = new BlockGroups(end, callback => {
    frames.push(callback);
    return () => undefined;
  });
  const add = (name: string) => {
    const block = document.createElement('p');
    block.textContent = name;
    groups.add(block);
    return block;
  };
  const tick = () => frames.splice(0).forEach(callback => callback());
  return { root, end, groups, add, tick };
}

const names = (count: number) => [...Array(count).keys()].map(index => `block ${index}`);

it('keeps blocks in order, a few to a group, before the end', () => {
  const { root, end, add } = create();
  names(40).forEach(add);
  expect([...root.querySelectorAll('p')].map(block => block.textContent)).toEqual(names(40));
  expect(root.querySelectorAll(`.${GROUP_CLASS}`).length).toBeGreaterThan(2);
  expect(root.lastElementChild).toBe(end);
});

it('lets the browser leave out a full group, but not before it has been laid out', () => {
  const { root, groups, add, tick } = create();
  names(40).forEach(name => groups.settle(add(name)));
  tick();
  expect(root.querySelectorAll(`.${SETTLED_CLASS}`)).toHaveLength(0);
  tick();
  const settled = root.querySelectorAll(`.${SETTLED_CLASS}`);
  expect(settled.length).toBeGreaterThan(1);
  expect([...settled]).not.toContain(root.querySelector(`.${GROUP_CLASS}:last-of-type`));
});

it('waits with a group while the height of a block in it is held', () => {
  const { root, groups, add, tick } = create();
  const [held] = names(40).map(name => {
    const block = add(name);
    groups.settle(block);
    return block;
  });
  held.style.minHeight = '80px';
  const isSettled = () => held.parentElement!.classList.contains(SETTLED_CLASS);
  for (let frames = 0; frames < 5; frames += 1) {
    tick();
  }
  expect(root.querySelectorAll(`.${SETTLED_CLASS}`).length).toBeGreaterThan(0);
  expect(isSettled()).toBe(false);
  held.style.removeProperty('min-height');
  tick();
  expect(isSettled()).toBe(true);
});

it('leaves no empty group behind, and fills one that has room again', () => {
  const { root, groups, add } = create();
  const blocks = names(30).map(add);
  const count = root.querySelectorAll(`.${GROUP_CLASS}`).length;
  blocks.splice(1).forEach(block => groups.remove(block));
  expect(root.querySelectorAll(`.${GROUP_CLASS}`)).toHaveLength(1);
  names(29).forEach(add);
  expect(root.querySelectorAll(`.${GROUP_CLASS}`)).toHaveLength(count);
});
