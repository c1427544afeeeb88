import { createServer } from 'node:net';

// Below the range that the system takes for outgoing connections, so that nobody takes the port while the server is down.
const ports = { from: 20_000, to: 32_000 };

/** A port of 127.0.0.1 on which nobody listens now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from));
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
