export { type LoadConfigOptions, type LoadedConfig, loadConfig } from './load-config.ts';
export { ConfigError, type ConfigErrorCode, type ConfigIssue, type ConfigSource, describe, formatSource } from './config-error.ts';
export { envNameOf, type Path } from './path.ts';
export { jsonSchemaOf } from './json-schema.ts';
