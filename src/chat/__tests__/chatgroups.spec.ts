import type { ChatInfo } from '../../protocol/generated';
import { groupedByDay, repeatedTitles } from '../chatgroups';

const chat = (title: string, at: Date): ChatInfo => ({
  chat_id: title,
  title,
  created_at: 1,
  updated_at: at.getTime() / 1000,
  running: false
});

describe('chats by day', () => {
  it('are of today, yesterday, the week before, and months', () => {
    const now = new Date(2026, 2, 10, 0, 5);
    const times = [
      new Date(2026, 2, 10, 0, 1),
      new Date(2026, 2, 9, 23, 59),
      new Date(2026, 2, 8, 12),
      new Date(2026, 2, 3, 12),
      new Date(2026, 1, 20),
      new Date(2026, 1, 1),
      new Date(2025, 1, 1)
    ];
    const groups = groupedByDay(
      times.map(at => chat(String(at), at)),
      now.getTime()
    );
    expect(groups.map(({ period, chats }) => [period, chats.length])).toEqual([
      ['today', 1],
      ['yesterday', 1],
      ['week', 2],
      [new Date(2026, 1, 1), 2],
      [new Date(2025, 1, 1), 1]
    ]);
  });

  it('names the titles that are not one chat alone', () => {
    const at = new Date();
    expect([...repeatedTitles([chat('a', at), chat('b', at), chat('a', at)])]).toEqual(['a']);
  });
});
