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

/** The built-in rules but for those that are switched off, those of the configuration in the place of their namesakes, then its others. */
export function effectiveRules({
  rules,
  disabledRules,
}: {
  readonly rules: readonly AlertRule[];
  readonly disabledRules: readonly string[];
}): readonly EffectiveRule[] {
  const isBuiltIn = (name: string): boolean => builtInRules.some((rule) => rule.name === name);
  return [
    ...builtInRules
      .filter(({ name }) => !disabledRules.includes(name))
      .map((rule): EffectiveRule => {
        const own = rules.find(({ name }) => name === rule.name);
        return own === undefined ? { rule, origin: 'built in' } : { rule: own, origin: 'replaced' };
      }),
    ...rules.filter(({ name }) => !isBuiltIn(name)).map((rule): EffectiveRule => ({ rule, origin: 'configured' })),
  ];
}
