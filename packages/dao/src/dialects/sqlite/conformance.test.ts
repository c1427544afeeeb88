import { daoConformance } from '../../testing/conformance.ts';
import { temporaryDatabase } from '../../testing/temporary-database.ts';

daoConformance('sqlite', temporaryDatabase);
