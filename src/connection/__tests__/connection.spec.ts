import { CommandError, Connection } from '../connection';
import { ScriptedServer, settle } from '../../__tests__/support/scriptedserver';

const RUN = 'run-00001';
const SHOWN = { content: 3, reasoning: 0 };

describe('Connection', () => {
  let server: ScriptedServer;
  let connection: Connection;

  beforeEach(() => {
    jest.useFakeTimers();
    server = new ScriptedServer();
    connection = new Connection(server.settings);
  });

  afterEach(() => {
    connection.dispose();
    jest.useRealTimers();
  });

  const connect = (): void => {
    connection.connect();
    server.hello();
  };

  it('opens no socket before it is asked to', () => {
    expect(server.sockets).toHaveLength(0);
    expect(connection.state).toBe('connecting');
  });

  it('passes the token as JupyterLab does', () => {
    connection.connect();
    expect(server.socket.url).toBe('ws://127.0.0.1:1/base/stream-chat/ws?token=a%20b');
  });

  it('is connected once it is greeted', () => {
    const states: string[] = [];
    connection.stateChanged.connect((_, state) => states.push(state));
    connect();
    expect(states).toEqual(['connected']);
    expect(connection.hello?.user).toBe('Ada');
  });

  it('asks for a reload when the server speaks another version, and does not try again', () => {
    connection.connect();
    server.hello({ protocol: 99 });
    expect(connection.state).toBe('reload_needed');
    jest.advanceTimersByTime(600_000);
    expect(server.sockets).toHaveLength(1);
  });

  it('does not come back for a user who has signed out', () => {
    connect();
    server.drop(4401);
    expect(connection.state).toBe('closed');
    jest.advanceTimersByTime(600_000);
    expect(server.sockets).toHaveLength(1);
  });

  it('sends a command within the call, and resolves with its acknowledgement', async () => {
    connect();
    const done = connection.send({ type: 'delete_chat', chat_id: 'chat-0001' });
    expect(server.types).toEqual(['delete_chat']);
    server.accept(server.last('delete_chat'));
    await expect(done).resolves.toMatchObject({ type: 'command_accepted' });
  });

  it('takes each event of a frame, in order', async () => {
    connect();
    const types: string[] = [];
    connection.event.connect((_, event) => types.push(event.type));
    const done = connection.send({ type: 'delete_chat', chat_id: 'chat-0001' });
    const { command_id } = server.last('delete_chat');
    server.say(
      { type: 'chat_deleted', seq: 1, chat_id: 'chat-0002' },
      { type: 'command_accepted', command_id },
      { type: 'chat_deleted', seq: 2, chat_id: 'chat-0001' }
    );
    expect(types).toEqual(['chat_deleted', 'chat_deleted']);
    await expect(done).resolves.toMatchObject({ command_id });
  });

  it('rejects with the server’s error', async () => {
    connect();
    const done = connection.send({ type: 'delete_chat', chat_id: 'chat-0001' });
    server.reject(server.last('delete_chat'), 'unknown_chat');
    await expect(done).rejects.toBeInstanceOf(CommandError);
    await expect(done).rejects.toMatchObject({ info: { code: 'unknown_chat' } });
  });

  it('keeps commands until there is a connection; interrupts go first', () => {
    connection.connect();
    void connection.send({ type: 'delete_chat', chat_id: 'chat-0001' });
    void connection.send({ type: 'interrupt_run', run_id: RUN, shown: SHOWN });
    expect(server.types).toEqual([]);
    server.hello();
    expect(server.types).toEqual(['interrupt_run', 'delete_chat']);
  });

  it('connects anew when a command is not acknowledged for 2 s, and sends it with the same id', () => {
    connect();
    void connection.send({ type: 'delete_chat', chat_id: 'chat-0001' });
    const first = server.last('delete_chat');
    jest.advanceTimersByTime(1999);
    expect(connection.state).toBe('connected');
    jest.advanceTimersByTime(1);
    expect(connection.state).toBe('reconnecting');
    expect(server.sockets).toHaveLength(2);
    expect(server.sockets[0].isClosed).toBe(true);
    server.hello();
    expect(server.last('delete_chat')).toEqual(first);
  });

  it('does not wait when all is acknowledged', () => {
    connect();
    void connection.send({ type: 'delete_chat', chat_id: 'chat-0001' });
    server.acceptAll();
    jest.advanceTimersByTime(10_000);
    expect(server.sockets).toHaveLength(1);
  });

  it('takes an interrupt past a stuck socket after 1 s', async () => {
    connect();
    void connection.send({ type: 'interrupt_run', run_id: RUN, shown: SHOWN });
    jest.advanceTimersByTime(999);
    await settle();
    expect(server.requests).toEqual([]);
    jest.advanceTimersByTime(1);
    await settle();
    const path = `/base/stream-chat/api/runs/${RUN}/interrupt`;
    expect(server.requests).toEqual([['POST', path, { shown: SHOWN }]]);
    server.hello();
    expect(server.types).toEqual(['interrupt_run']);
  });

  it('takes an interrupt past a lost socket at once', async () => {
    connect();
    server.drop();
    void connection.send({ type: 'interrupt_run', run_id: RUN, shown: SHOWN });
    await settle();
    expect(server.requests).toHaveLength(1);
  });

  it('forgets what concerned one socket alone', () => {
    connect();
    void connection.send({ type: 'open_chat', chat_id: 'chat-0001', held: {}, reason: 'opened' });
    server.drop();
    void connection.send({ type: 'close_chat', chat_id: 'chat-0001' });
    connection.connect();
    server.hello();
    expect(server.types).toEqual([]);
  });

  it('tries again, later each time, and at once after success', () => {
    const delays: number[] = [];
    connection.connect();
    for (let attempt = 1; attempt <= 8; attempt++) {
      server.drop();
      const start = Date.now();
      while (server.sockets.length === attempt) {
        jest.advanceTimersByTime(10);
      }
      delays.push(Date.now() - start);
    }
    expect(delays[0]).toBeLessThanOrEqual(210);
    expect(delays[7]).toBeGreaterThanOrEqual(5000);
    expect(delays[7]).toBeLessThanOrEqual(10_010);
    server.hello();
    server.drop();
    jest.advanceTimersByTime(210);
    expect(server.sockets).toHaveLength(10);
  });

  it('tries at once when the network is back', () => {
    connect();
    server.drop();
    window.dispatchEvent(new Event('online'));
    expect(server.sockets).toHaveLength(2);
  });

  it('asks a socket whether it lives when the page is looked at again', () => {
    connect();
    document.dispatchEvent(new Event('visibilitychange'));
    expect(server.types).toEqual(['ping']);
  });

  it('pings every 5 s while busy, and finds a dead socket', () => {
    connect();
    connection.busy = true;
    jest.advanceTimersByTime(5000);
    expect(server.types).toEqual(['ping']);
    server.acceptAll();
    jest.advanceTimersByTime(5000);
    expect(server.types).toEqual(['ping', 'ping']);
    jest.advanceTimersByTime(2000);
    expect(connection.state).toBe('reconnecting');
    connection.busy = false;
    server.hello();
    jest.advanceTimersByTime(60_000);
    expect(server.types).toEqual([]);
  });

  it('is not heard and does not try again once disposed', () => {
    connect();
    const heard = jest.fn();
    connection.event.connect(heard);
    const { socket } = server;
    connection.dispose();
    expect(socket.isClosed).toBe(true);
    expect(socket.onmessage).toBeNull();
    jest.advanceTimersByTime(600_000);
    expect(server.sockets).toHaveLength(1);
    expect(connection.state).toBe('closed');
  });

  it('hands on a refusal that answers no command', () => {
    connect();
    const heard = jest.fn();
    connection.event.connect((_, event) => heard(event.type));
    server.say({ type: 'command_rejected', error: { code: 'internal_error', message: 'No.' } });
    expect(heard).toHaveBeenCalledWith('command_rejected');
  });
});
