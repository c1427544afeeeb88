import type { AlertRule } from '@midgard/health';
import { builtInRules } from './built-in-rules.ts';

/** Where a rule is from. */
export type RuleOrigin = 'built in' | 'configured' | 'replaced';

/** A rule that is looked at. */
export interface EffectiveRule {
  readonly rule: AlertRule;
  /** `replaced`: configured, in the place of a built-in one. */
  readonly origin: RuleOrigin;
}

/** The settings that say which rules there are. */
export interface RuleSettings {
  readonly rules: readonly AlertRule[];
  /** Names of built-in ones. */
  readonly disabledRules: readonly string[];
}

/** The built-in rules but for those that are switched off, those of the configuration in the place of their namesakes, then its others. */
export function effectiveRules({ rules, disabledRules }: RuleSettings): readonly EffectiveRule[] {
  const configured = new Map(rules.map((rule) => [rule.name, rule]));
  const enabled = builtInRules.filter(({ name }) => !disabledRules.includes(name));
  return [
    ...enabled.map((rule): EffectiveRule => {
      const own = configured.get(rule.name);
      return own === undefined ? { rule, origin: 'built in' } : { rule: own, origin: 'replaced' };
    }),
    ...rules.filter(({ name }) => builtInRules.every((rule) => rule.name !== name)).map((rule): EffectiveRule => ({ rule, origin: 'configured' })),
  ];
}
