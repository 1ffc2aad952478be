/**
 * The cell that an answer is for, as other extensions name it.
 */
import type { IContextItem } from '../context/kinds';

/** Which cell an answer is for, and what the question carries. */
export interface ICellPlace {
  /** Of an open notebook; by default the one that was used last. */
  readonly path?: string;
  /** By default the active one. */
  readonly cellId?: string;
  /** Propose a change of what the cell holds. By default the code goes into the cell, or below it if it has text. */
  readonly change?: boolean;
  readonly attach?: readonly IContextItem[];
}
