import { createHmac } from 'node:crypto';
import type { Alert } from '../alerts/alert.ts';
import type { Notification } from '../alerts/notification.ts';
import type { HttpFormat } from './http-channel.ts';

/** Where a webhook goes. */
export interface WebhookTarget {
  readonly url: string;
  /** Signs the body; without one it is not signed. */
  readonly secret?: string | undefined;
  /** Further headers, such as one with a token. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What Alertmanager writes for an alert that has not ended. */
const noEnd = '0001-01-01T00:00:00Z';

/**
 * The JSON of Alertmanager's webhook, version 4. With a secret `X-Midgard-Signature` is `t=<seconds>,v1=<hex>`: the HMAC-SHA256 of
 * `<seconds>.<body>`; a receiver that refuses old seconds refuses replays, too.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export function webhookFormat({ url, secret, headers }: WebhookTarget): HttpFormat {
  return {
    kind: 'webhook',
    compose(notification, now) {
      const body = JSON.stringify(webhookBody(notification));
      return { url, body, headers: secret === undefined ? headers : { ...headers, 'X-Midgard-Signature': signatureOf(body, secret, now) } };
    },
  };
}

function signatureOf(body: string, secret: string, now: number): string {
  const seconds = Math.floor(now / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

function webhookBody(notification: Notification): object {
  const { channel, status, groupKey, groupLabels, commonLabels, commonAnnotations, alerts, truncatedAlerts, isTest } = notification;
  return {
    version: '4',
    groupKey,
    truncatedAlerts,
    status,
    receiver: channel,
    groupLabels,
    commonLabels,
    commonAnnotations,
    externalURL: '',
    alerts: alerts.map(webhookAlert),
    // Not Alertmanager's; its receivers pass over what they do not know.
    ...(isTest ? { isTest } : {}),
  };
}

function webhookAlert({ state, labels, annotations, activeAt, resolvedAt, fingerprint }: Alert): object {
  return {
    status: state === 'resolved' ? 'resolved' : 'firing',
    labels,
    annotations,
    startsAt: new Date(activeAt).toISOString(),
    endsAt: resolvedAt === undefined ? noEnd : new Date(resolvedAt).toISOString(),
    generatorURL: '',
    fingerprint,
  };
}
