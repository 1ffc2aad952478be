import { checkSocket } from '../socketcheck';
import { ScriptedServer, settle } from '../../__tests__/support/scriptedserver';

describe('checkSocket', () => {
  let server: ScriptedServer;

  beforeEach(() => {
    jest.useFakeTimers();
    server = new ScriptedServer();
  });

  afterEach(() => jest.useRealTimers());

  /** Answer each sign of life after so many milliseconds, until there are enough. */
  const answer = async (ms: number): Promise<void> => {
    for (let count = 0; count < 5; count++) {
      await settle();
      await jest.advanceTimersByTimeAsync(ms);
      server.accept(server.last('ping'));
      await settle();
    }
  };

  it('passes where a socket like the panel’s own is greeted and answered, and leaves none behind', async () => {
    const checking = checkSocket(server.settings);
    server.hello();
    await answer(2);
    expect(await checking).toMatchObject({ name: 'socket', outcome: 'pass', code: 'socket_open' });
    expect(server.sockets.map(({ url, isClosed }) => [url, isClosed])).toEqual([
      ['ws://127.0.0.1:1/base/stream-chat/ws?token=a%20b', true]
    ]);
  });

  it('warns where frames are held back', async () => {
    const checking = checkSocket(server.settings);
    server.hello();
    await answer(1500);
    expect(await checking).toMatchObject({ outcome: 'warn', code: 'socket_slow' });
  });

  it('fails where a proxy passes no WebSocket on, within its time', async () => {
    const checking = checkSocket(server.settings);
    server.drop();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await checking).toMatchObject({ outcome: 'fail', code: 'socket_closed' });
    const { length } = server.sockets;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(server.sockets).toHaveLength(length);
  });

  it('fails where it opens and nothing comes over it', async () => {
    const checking = checkSocket(server.settings);
    server.hello();
    await settle();
    await jest.advanceTimersByTimeAsync(3000);
    expect(await checking).toMatchObject({ outcome: 'fail', values: { seconds: '3' } });
  });
});
