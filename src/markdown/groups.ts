/**
 * Blocks on the page, a few to a group: the browser leaves out whole groups that are out of sight.
 *
 * Without it each frame that adds a word costs more the longer the answer above it is: style, layout and paint
 * look at every block. `content-visibility` on a group makes that one look for all its blocks.
 */

import { nextFrame, type ScheduleFrame } from './schedule';

/** Class of an element that holds blocks. */
export const GROUP_CLASS = 'jp-StreamChat-group';

/** Class of a group that is full and whose height the browser knows: it may leave it out. */
export const SETTLED_CLASS = 'jp-StreamChat-settled';

/** Blocks to a group: enough that groups are few, few enough that a screen shows more than one. */
const GROUP_SIZE = 12;

export class BlockGroups {
  /** @param _root the element to fill. */
  constructor(
    private readonly _root: HTMLElement,
    private readonly _scheduleFrame: ScheduleFrame = nextFrame
  ) {}

  /** Put a block behind all others; it may still change. */
  add(block: HTMLElement): void {
    let group = this._root.lastElementChild;
    if (!group || isFull(group)) {
      group = document.createElement('div');
      group.className = GROUP_CLASS;
      this._root.append(group);
    }
    group.append(block);
  }

  /** A block is finished: a group that is full with it is. */
  settle(block: HTMLElement): void {
    const group = block.parentElement;
    if (group && isFull(group) && group.lastElementChild === block) {
      this._settleGroup(group);
    }
  }

  /** Take a block off the page, and its group when that has no other. */
  remove(block: HTMLElement): void {
    const group = block.parentElement;
    block.remove();
    group?.classList.remove(SETTLED_CLASS);
    if (group?.childElementCount === 0) {
      group.remove();
    }
  }

  /** Let the browser leave out a group once it has been laid out: it remembers the height from then on. */
  private _settleGroup(group: Element): void {
    const settle = () => {
      const isShown = group.parentElement !== null;
      if (isShown && isFull(group) && [...group.children].some(isHeld)) {
        // A height that is remembered while it changes would change at once when the group comes into view.
        this._scheduleFrame(settle);
      } else {
        group.classList.toggle(SETTLED_CLASS, isFull(group));
      }
    };
    this._scheduleFrame(() => this._scheduleFrame(settle));
  }
}

/** Whether a block's height is not that of what is in it. */
function isHeld(block: Element): boolean {
  return block instanceof HTMLElement && block.style.minHeight !== '';
}

function isFull(group: Element): boolean {
  return group.childElementCount >= GROUP_SIZE;
}
