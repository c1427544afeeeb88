import type { Escape } from '../template.ts';

/** Control characters, line ends included, and marks that turn the direction of writing: a value is one line that looks like what it is. */
// eslint-disable-next-line no-control-regex -- these are what it is about
const unseen = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;

/** For texts without markup. */
export const plainLine: Escape = (value) => value.replaceAll(unseen, ' ');

const slackEntities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * For Slack: the three characters that begin mentions, links and entities.
 *
 * @see https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export const slackText: Escape = (value) => plainLine(value).replaceAll(/[&<>]/g, (sign) => slackEntities[sign] ?? sign);

const wideSigns: Readonly<Record<string, string>> = {
  '<': '＜',
  '>': '＞',
  '[': '［',
  ']': '］',
  '*': '＊',
  '`': '｀',
  '#': '＃',
  '&': '＆',
  '\\': '＼',
};

/**
 * For the markdown of DingTalk, Feishu and WeCom. Each reads another part of it, and none says how to escape a sign, so the signs that
 * begin tags, mentions, links, images, headings and code become their wide twins, which look alike and mean nothing.
 */
export const chatMarkdown: Escape = (value) => plainLine(value).replaceAll(/[<>[\]*`#&\\]/g, (sign) => wideSigns[sign] ?? sign);
