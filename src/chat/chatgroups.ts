/**
 * The list of chats in groups by day, and what tells chats of the same title apart. Pure.
 */
import type { ChatInfo } from '../protocol/generated';

/** A group's time: a day, the week before, or a month of a year. */
export type Period = 'today' | 'yesterday' | 'week' | Date;

export interface IChatGroup {
  readonly period: Period;
  readonly chats: readonly ChatInfo[];
}

const DAY = 24 * 3600 * 1000;

/**
 * Put chats, newest first, into groups by when something was last asked in them.
 *
 * @param now - milliseconds since the epoch.
 */
export function groupedByDay(chats: readonly ChatInfo[], now: number): readonly IChatGroup[] {
  const groups = new Map<string, { period: Period; chats: ChatInfo[] }>();
  for (const chat of chats) {
    const period = periodOf(chat.updated_at * 1000, now);
    const key = String(period);
    const group = groups.get(key) ?? { period, chats: [] };
    group.chats.push(chat);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function periodOf(at: number, now: number): Period {
  const today = new Date(now).setHours(0, 0, 0, 0);
  if (at >= today) {
    return 'today';
  }
  // Not 24 hours before: days of a change of the clock are longer or shorter.
  if (at >= new Date(today - DAY / 2).setHours(0, 0, 0, 0)) {
    return 'yesterday';
  }
  if (at >= today - 7 * DAY) {
    return 'week';
  }
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), 1);
}

/** The titles that more than one chat has. */
export function repeatedTitles(chats: readonly ChatInfo[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { title } of chats) {
    (seen.has(title) ? repeated : seen).add(title);
  }
  return repeated;
}
