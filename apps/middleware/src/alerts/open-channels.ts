import { type ChannelConfig, type ChannelDependencies, Channels, type ChannelsOptions, createChannel } from '@midgard/health';
import type { AlertsConfig } from './alerts-schema.ts';

/** Opens the channels of the configuration. What sends mails is loaded only where a channel does. */
export async function openChannels(channels: AlertsConfig['channels'], options: ChannelsOptions = {}): Promise<Channels> {
  const named = Object.entries(channels).map(([name, settings]): ChannelConfig => ({ ...settings, name }));
  const dependencies: ChannelDependencies = named.some(({ kind }) => kind === 'email')
    ? { mailTransport: (await import('@midgard/health/email')).smtpTransport }
    : {};
  const opened = new Channels(options);
  for (const channel of named) opened.add(createChannel(channel, dependencies));
  return opened;
}
