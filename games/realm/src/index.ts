export { realm, type RealmOperations } from './realm.ts';
export { realm as default } from './realm.ts';
