import { type Definition, exposedType } from './definition.ts';
import type { Family } from './family.ts';
import { escapeHelp, type Exposition } from './text.ts';

/** The lines of a page, in parts: the head of each metric, then each of its series, whose numbers are of one instant. */
export function* pageParts(families: Iterable<Family>, exposition: Exposition): Generator<string, void, undefined> {
  for (const family of families) {
    yield headOf(family.kind.definition, exposition);
    for (const series of family.series()) yield family.kind.render(family.read(series), exposition);
  }
  if (exposition === 'openmetrics') yield '# EOF\n';
}

function headOf(definition: Definition, exposition: Exposition): string {
  const { name, help } = definition;
  const type = exposedType(definition);
  // OpenMetrics names a counter's family without its `_total`.
  const family = exposition === 'openmetrics' && type === 'counter' ? name.slice(0, -'_total'.length) : name;
  return `# HELP ${family} ${escapeHelp(help, exposition)}\n# TYPE ${family} ${type}\n`;
}
