export { KeyvStorage, type KeyvEntry, type KeyvStorageOptions } from './keyv-storage.ts';
export { Keyv5Storage, type Keyv5Entry } from './keyv-5-storage.ts';
