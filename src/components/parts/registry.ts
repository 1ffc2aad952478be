/**
 * Which component shows a part of a message: one for each kind. A new kind of part is one more row.
 */
import type * as React from 'react';
import type { PartKind } from '../../protocol/generated';
import type { IPartProps } from './part';
import { ReasoningPart } from './reasoning';
import { TextPart } from './text';
import { UnknownPart } from './unknown';

type Renderer = React.ComponentType<IPartProps>;

const RENDERERS: Readonly<Record<PartKind, Renderer>> = {
  text: TextPart,
  reasoning: ReasoningPart
};

const BY_KIND: ReadonlyMap<string, Renderer> = new Map(Object.entries(RENDERERS));

/** The component for a kind; a newer server may send kinds that this version does not know. */
export function partRenderer(kind: string): Renderer {
  return BY_KIND.get(kind) ?? UnknownPart;
}
