import { parseWith } from '../alerts/schema.ts';
import { HealthError } from '../errors.ts';
import { type Clock, wallClock } from '../time.ts';
import type { Channel } from './channel.ts';
import { type ChannelConfig, channelSchema } from './channel-config.ts';
import { dingTalkFormat } from './dingtalk.ts';
import { EmailChannel, type MailTransport } from './email-channel.ts';
import { feishuFormat } from './feishu.ts';
import { type Fetch, HttpChannel, type HttpFormat } from './http-channel.ts';
import { slackFormat } from './slack.ts';
import { webhookFormat } from './webhook.ts';
import { weComFormat } from './wecom.ts';

/** What channels are made with. */
export interface ChannelDependencies {
  /** Default: that of Node. */
  readonly fetch?: Fetch | undefined;
  /** Makes what sends mails of its address; `smtpTransport` of `@midgard/health/email`. Without it there is no e-mail. */
  readonly mailTransport?: ((url: string) => MailTransport) | undefined;
  /** Default: the time of day; services refuse signatures whose time is an hour away. */
  readonly clock?: Clock | undefined;
}

/**
 * Makes a channel of what an operator wrote down. It goes to the address that stands there and nowhere else: no redirect is followed.
 *
 * @throws {HealthError} `ERR_HEALTH_OPTIONS`, naming the field; the message repeats no value
 */
export function createChannel(config: ChannelConfig, { fetch = globalThis.fetch, mailTransport, clock = wallClock }: ChannelDependencies = {}): Channel {
  const channel = parseWith(channelSchema, config, 'channel');
  if (channel.kind !== 'email') return new HttpChannel(channel.name, formatOf(channel), { fetch, clock });
  if (mailTransport === undefined) throw new HealthError('ERR_HEALTH_OPTIONS', 'channel.kind: e-mail needs a mailTransport');
  const { name, url, ...target } = channel;
  return new EmailChannel(name, target, mailTransport(url));
}

function formatOf(channel: Exclude<ChannelConfig, { kind: 'email' }>): HttpFormat {
  switch (channel.kind) {
    case 'webhook':
      return webhookFormat(channel);
    case 'slack':
      return slackFormat(channel);
    case 'dingtalk':
      return dingTalkFormat(channel);
    case 'feishu':
      return feishuFormat(channel);
    default:
      return weComFormat(channel);
  }
}
