import { once } from 'node:events';
import { createServer } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { describe, expect, test } from 'vitest';
import { createChannel } from '../channels/create-channel.ts';
import { firingAlert, notification } from '../test/notifications.ts';
import { channelConformance } from '../testing/channel-conformance.ts';
import { smtpTransport } from './smtp-transport.ts';

const { signal } = new AbortController();

interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

/** A mail server on a free port that takes mails of one user, or answers with a code. */
async function smtpReceiver() {
  const mails: ReceivedMail[] = [];
  const world = { code: 250 };
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) => (username === 'ops' && password === 'hunter2' ? done(null, { user: 'ops' }) : done(new Error('who?'))),
    onRcptTo: (_address, _session, done) => (world.code === 250 ? done() : done(Object.assign(new Error('no, hunter2'), { responseCode: world.code }))),
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { mails, world, port: address.port, close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

function channelTo(port: number, password = 'hunter2') {
  const url = `smtp://ops:${password}@127.0.0.1:${port}`;
  return createChannel(
    { kind: 'email', name: 'mail', url, from: 'Midgard <midgard@example.org>', to: ['ann@example.org', 'bob@example.org'] },
    { mailTransport: (address) => smtpTransport(address) },
  );
}

describe('a channel over SMTP keeps the promises of a channel', () => {
  test.each(
    channelConformance(async () => {
      const { mails, world, port, close } = await smtpReceiver();
      return {
        channel: channelTo(port),
        behave: (how) => {
          world.code = { take: 250, busy: 451, refuse: 550, hang: 250 }[how];
        },
        // Quoted-printable breaks lines and writes what is not ASCII in figures.
        received: () => mails.map(({ text }) => text.replaceAll('=\r\n', '')),
        secrets: ['hunter2', `:${port}`],
        cannotAbort: 'a mail that is on its way cannot be called back; the transport has time-outs of its own',
        dispose: close,
      };
    }),
  )('$name', ({ run }) => run());
});

test('a mail is plain text from and to whom it says, and no value adds a header', async () => {
  const { mails, port, close } = await smtpReceiver();
  const channel = channelTo(port);
  await channel.deliver(notification(firingAlert({ db: 'realm\r\nBcc: eve@example.org\r\n\r\n<b>x</b>' })), signal);
  channel.close?.();
  await close();
  const [mail] = mails;
  expect(mail).toMatchObject({ from: 'midgard@example.org', to: ['ann@example.org', 'bob@example.org'] });
  const [head = '', ...body] = mail?.text.split('\r\n\r\n') ?? [];
  expect(head).toContain('Subject: [FIRING] ReplicaLag (critical)');
  expect(head).toContain('Auto-Submitted: auto-generated');
  expect(head).toContain('Content-Type: text/plain; charset=utf-8');
  expect(head).not.toMatch(/^Bcc/m);
  expect(body.join('').replaceAll('=\r\n', '')).toContain('FIRING critical: realm  Bcc: eve@example.org    <b>x</b> is 12.5 s behind');
});

test('a wrong password is not tried again, and shown to nobody', async () => {
  const { port, close } = await smtpReceiver();
  const channel = channelTo(port, 'hunter3');
  const error: unknown = await channel.deliver(notification(firingAlert()), signal).catch((thrown: unknown) => thrown);
  channel.close?.();
  await close();
  expect(error).toMatchObject({ code: 'ERR_HEALTH_DELIVERY', reason: 'smtp-535', isRetryable: false });
  expect(String(error)).not.toContain('hunter3');
});

test('a server that is not there may be there later', async () => {
  const { port, close } = await smtpReceiver();
  await close();
  const channel = channelTo(port);
  await expect(channel.deliver(notification(firingAlert()), signal)).rejects.toMatchObject({ reason: 'ESOCKET', isRetryable: true });
  channel.close?.();
});

test('a server that says nothing is given up in time', async () => {
  const silent = createServer((socket) => void socket.on('error', () => {}));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const transport = smtpTransport(`smtp://127.0.0.1:${address.port}`, { timeoutMs: 50 });
  const mail = { from: 'a@example.org', to: ['b@example.org'], subject: 'x', text: 'x', headers: {} };
  await expect(transport.sendMail(mail)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  transport.close?.();
  silent.close();
});
