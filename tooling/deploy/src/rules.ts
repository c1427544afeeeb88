import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** One rule of Prometheus, recording or alerting. */
export interface Rule {
  /** What it records, or what it is called. */
  readonly name: string;
  readonly isAlert: boolean;
  readonly expr: string;
  readonly severity: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Where the files for Prometheus are. */
export const prometheusFolder: string = fileURLToPath(new URL('../prometheus/', import.meta.url));

/** The rules of our files, in their order. */
export function readRules(): readonly Rule[] {
  return ['recording.yml', 'alerts.yml'].flatMap((file) => {
    const {
      groups,
    }: { groups: { rules: { record?: string; alert?: string; expr: string; labels?: { severity?: string }; annotations?: Record<string, string> }[] }[] } =
      parse(readFileSync(`${prometheusFolder}${file}`, 'utf8'));
    return groups.flatMap(({ rules }) =>
      rules.map(({ record, alert, expr, labels, annotations = {} }) => ({
        name: alert ?? record ?? '',
        isAlert: alert !== undefined,
        expr,
        severity: labels?.severity,
        annotations,
      })),
    );
  });
}
