import { z } from 'zod';

/** What every channel is written down with. */
interface ChannelCommon {
  /** Unique; what routes name it by. */
  readonly name: string;
}

/** What every channel for people is written down with. */
interface WordedCommon extends ChannelCommon {
  /** Wording of the first line, with {{status}}, {{count}}, {{name}}, {{severity}}. */
  readonly title?: string | undefined;
  /** Wording of a line for each alert, with {{status}}, {{name}}, {{severity}}, {{summary}}, {{description}}, {{value}}, {{since}}, {{labels.game}}. */
  readonly line?: string | undefined;
}

/** A channel as it is written down. Addresses hold tokens: all of them are secrets. */
export type ChannelConfig =
  | (ChannelCommon & {
      readonly kind: 'webhook';
      readonly url: string;
      readonly secret?: string | undefined;
      readonly headers?: Readonly<Record<string, string>> | undefined;
    })
  | (WordedCommon & { readonly kind: 'slack' | 'wecom'; readonly url: string })
  | (WordedCommon & { readonly kind: 'dingtalk' | 'feishu'; readonly url: string; readonly secret?: string | undefined })
  | (WordedCommon & { readonly kind: 'email'; readonly url: string; readonly from: string; readonly to: readonly string[] });

/** A channel that has its name elsewhere, as in a map of channels by their names. */
export type ChannelSettings = WithoutName<ChannelConfig>;

/** Of each of the alternatives, as Omit does it for one. */
type WithoutName<T> = T extends ChannelCommon ? Omit<T, 'name'> : never;

const name = z.string().regex(/^[A-Za-z][\w.-]{0,63}$/, 'a letter and at most 63 more letters, digits, ".", "_" or "-"');
const worded = {
  title: z.string().min(1).max(300).optional().describe('The first line, with {{status}}, {{count}}, {{name}}, {{severity}}'),
  line: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('A line for each alert, with {{status}}, {{name}}, {{severity}}, {{summary}}, {{value}}, {{labels.game}}'),
};
const Http = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .describe('Address with its token; a secret');
const Secret = z.string().min(1).max(500);
const Header = z.string().regex(/^[\x20-\x7e]{0,2000}$/, 'visible ASCII');
const Address = z.string().regex(/^[^\p{Cc}]{3,320}$/u, 'a mail address');

const Webhook = z.strictObject({
  kind: z.literal('webhook'),
  url: Http,
  secret: Secret.optional().describe('Signs the body'),
  headers: z.record(z.string().regex(/^[\w-]{1,100}$/, 'the name of a header'), Header).optional(),
});
const Chat = z.strictObject({ ...worded, kind: z.enum(['slack', 'wecom']), url: Http });
const Robot = z.strictObject({
  ...worded,
  kind: z.enum(['dingtalk', 'feishu']),
  url: Http,
  secret: Secret.optional().describe('Where the robot asks for signatures'),
});
const Email = z.strictObject({
  ...worded,
  kind: z.literal('email'),
  url: z
    .url({ protocol: /^smtps?$/ })
    .max(2000)
    .describe('smtps://user:password@host:port; a secret'),
  from: Address,
  to: z.array(Address).min(1).max(50),
});

/** A channel. */
export const channelSchema: z.ZodType<ChannelConfig, ChannelConfig> = z.discriminatedUnion('kind', [
  Webhook.extend({ name }),
  Chat.extend({ name }),
  Robot.extend({ name }),
  Email.extend({ name }),
]);

/** A channel without its name. */
export const channelSettingsSchema: z.ZodType<ChannelSettings, ChannelSettings> = z.discriminatedUnion('kind', [Webhook, Chat, Robot, Email]);
