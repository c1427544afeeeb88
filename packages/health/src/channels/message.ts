import type { Alert } from '../alerts/alert.ts';
import { labelOf } from '../alerts/labels.ts';
import type { Notification } from '../alerts/notification.ts';
import type { Severity } from '../alerts/rule.ts';
import { type Escape, fill } from '../template.ts';

/** How messages are worded; both have defaults. */
export interface Wording {
  /** The first line, with {{status}}, {{count}}, {{name}}, {{severity}}. */
  readonly title?: string | undefined;
  /** A line for each alert, with {{status}}, {{name}}, {{severity}}, {{summary}}, {{description}}, {{value}}, {{since}}, {{fingerprint}}, {{labels.game}}. */
  readonly line?: string | undefined;
}

/** A message of some lines. */
export interface Message {
  readonly title: string;
  /** One for each alert, and perhaps one for those that are left out. */
  readonly lines: readonly string[];
}

/** A value that is longer is cut: labels can hold anything. */
const maxValueLength = 500;
/** So that the title and one line have room in the least of the formats, 3000 bytes, even where a character has three. */
const maxTitleLength = 150;
const maxLineLength = 750;
const severities: readonly Severity[] = ['info', 'warning', 'critical'];

/**
 * Words a notification. What comes from alerts is escaped; the wording is the operator's own and is not.
 *
 * @param escape makes a value harmless in the format that the message is for
 */
export function messageOf(
  notification: Notification,
  { title = '[{{status}}] {{name}} ({{severity}})', line = '{{status}} {{severity}}: {{summary}}' }: Wording,
  escape: Escape,
): Message {
  const safely: Escape = (value) => escape(cut(value, maxValueLength));
  const lines = notification.alerts.map((alert) =>
    cut(
      fill(line, (name) => valueOfAlert(alert, name), safely),
      maxLineLength,
    ),
  );
  const head = cut(
    fill(title, (name) => valueOfTitle(notification, name), safely),
    maxTitleLength,
  );
  return {
    title: notification.isTest ? `TEST ${head}` : head,
    lines: notification.truncatedAlerts === 0 ? lines : [...lines, more(notification.truncatedAlerts)],
  };
}

/** Half of a pair of surrogates would make the text no Unicode. */
function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1).toWellFormed()}…` : text;
}

/** The most that matters among the alerts. */
export function worstSeverity({ alerts }: Notification): Severity {
  return severities.findLast((severity) => alerts.some((alert) => alert.severity === severity)) ?? 'info';
}

/**
 * Joins lines, each whole, as far as they have room in; then a last one says how many are left out. What comes first alone is kept in
 * any case.
 *
 * @param maxBytes of the whole, in UTF-8; at least those of the head and 32
 */
export function fitted(head: string, lines: readonly string[], maxBytes: number): string {
  const room = maxBytes - Buffer.byteLength(more(lines.length)) - 1;
  const kept = [head];
  let bytes = Buffer.byteLength(head);
  for (const line of lines) {
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > room) return [...kept, more(lines.length - kept.length + 1)].join('\n');
    kept.push(line);
  }
  return kept.join('\n');
}

function more(count: number): string {
  return `… and ${count} more`;
}

function valueOfTitle(notification: Notification, name: string): string | undefined {
  const { status, alerts, truncatedAlerts, commonLabels } = notification;
  if (name === 'status') return status.toUpperCase();
  if (name === 'count') return String(alerts.length + truncatedAlerts);
  if (name === 'severity') return worstSeverity(notification);
  return name === 'name' ? (commonLabels['alertname'] ?? `${alerts.length + truncatedAlerts} alerts`) : undefined;
}

function valueOfAlert(alert: Alert, name: string): string | undefined {
  if (name.startsWith('labels.')) return labelOf(alert.labels, name.slice('labels.'.length));
  const values: Readonly<Record<string, string | undefined>> = {
    status: alert.state.toUpperCase(),
    name: alert.rule,
    severity: alert.severity,
    summary: alert.annotations['summary'],
    description: alert.annotations['description'],
    value: Number.isNaN(alert.value) ? 'absent' : String(alert.value),
    since: new Date(alert.activeAt).toISOString(),
    fingerprint: alert.fingerprint,
  };
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
