/**
 * Channels for alerts with a secret in every place that can hold one.
 *
 * @param port nobody listens to it: what is away is written about the most
 * @param plant makes a secret and remembers it by that name
 */
export function deadChannels(port: number, plant: (name: string) => string): object {
  const base = `http://127.0.0.1:${port}`;
  const headers = { Authorization: `Bearer ${plant('token in a header of a channel')}` };
  return {
    hook: { kind: 'webhook', url: `${base}/?token=${plant('token in the URL of a channel')}`, secret: plant('secret of a channel'), headers },
    chat: { kind: 'feishu', url: `${base}/hook/${plant('path of a channel')}`, secret: plant('secret of a robot') },
    mail: { kind: 'email', url: `smtp://ops:${plant('password of a mail server')}@127.0.0.1:${port}`, from: 'midgard@example.org', to: ['ops@example.org'] },
  };
}
