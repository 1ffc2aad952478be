/** A wire that can be cut: a TCP proxy between the browser and Jupyter. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class Wire {
  /** Lay a wire to a port of this machine. */
  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    wire._server.listen(0, '127.0.0.1');
    await once(wire._server, 'listening');
    return wire;
  }

  private constructor(private readonly _port: number) {}

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
      from.setNoDelay(true).pipe(to);
      // A broken end is what this is for.
      from.on('error', () => undefined);
      from.on('close', () => {
        this._sockets.delete(from);
        to.destroy();
      });
    }
  }

  private readonly _sockets = new Set<Socket>();
  private readonly _server: Server = createServer(socket => this._join(socket));
  private _isCut = false;
}
