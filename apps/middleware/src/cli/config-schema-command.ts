import process from 'node:process';
import { jsonSchemaOf } from '@midgard/config';
import { configSchema } from '../config-schema.ts';

/** Prints the JSON Schema of the configuration file. */
export function configSchemaCommand(): void {
  process.stdout.write(`${JSON.stringify(jsonSchemaOf(configSchema), null, 2)}\n`);
}
