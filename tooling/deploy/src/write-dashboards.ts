import { writeFileSync } from 'node:fs';
import { boards } from './index.ts';
import { dashboardFile, dashboardText } from './dashboard-file.ts';

for (const board of boards) {
  const file = dashboardFile(board);
  writeFileSync(file, dashboardText(board));
  console.log(`wrote ${file}`);
}
