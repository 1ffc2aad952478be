/** A wire with faults: a TCP proxy between the browser and Jupyter that is slow, cuts, hangs or loses patience. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';

export class Wire {
  /**
   * Lay a wire to a port of this machine.
   *
   * @param patience - milliseconds after which a connection that carries nothing is cut; 0: never.
   */
  static async to(port: number, patience = 0): Promise<Wire> {
    const wire = new Wire(port, patience);
    wire._server.listen(0, '127.0.0.1');
    await once(wire._server, 'listening');
    return wire;
  }

  private constructor(
    private readonly _port: number,
    private readonly _patience: number
  ) {}

  /** How many connections were cut for want of patience. */
  idleCuts = 0;

  /** Bytes that each connection carries in a second, in each direction; 0: as many as it can. */
  rate = 0;

  /** The address of the near end. */
  get url(): string {
    return `http://127.0.0.1:${(this._server.address() as AddressInfo).port}`;
  }

  /** Break every connection, and refuse new ones. */
  cut(): void {
    this._isCut = true;
    this._sockets.forEach(socket => socket.destroy());
  }

  mend(): void {
    this._isCut = false;
  }

  /** Carry nothing more over the connections of now, and tell neither end: both take them for open. */
  hang(): void {
    this._sockets.forEach(socket => {
      socket.unpipe();
      socket.removeAllListeners('close');
      socket.resume();
    });
  }

  close(): void {
    this.cut();
    this._server.close();
  }

  private _join(near: Socket): void {
    if (this._isCut) {
      near.destroy();
      return;
    }
    const far = connect(this._port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near]
    ]) {
      this._sockets.add(from);
      from.setNoDelay(true).pipe(this._slowed()).pipe(to);
      from.setTimeout(this._patience, () => {
        this.idleCuts++;
        from.destroy();
      });
      // A broken end is what this is for.
      from.on('error', () => undefined);
      from.on('close', () => {
        this._sockets.delete(from);
        to.destroy();
      });
    }
  }

  /** Let pass what comes in the time that it takes at the rate. */
  private _slowed(): Transform {
    let freeAt = 0;
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (this.rate === 0) {
          done(null, chunk);
          return;
        }
        freeAt = Math.max(freeAt, performance.now()) + (1000 * chunk.length) / this.rate;
        void after(freeAt - performance.now()).then(() => done(null, chunk));
      }
    });
  }

  private readonly _sockets = new Set<Socket>();
  private readonly _server: Server = createServer(socket => this._join(socket));
  private _isCut = false;
}
