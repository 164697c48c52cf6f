// Opens the library's store at the url given as argument, says so, and leaves it open.
import { openStore } from '#app/library/open-store.js';

const store = openStore(process.argv[2] ?? 'sqlite::memory:');
console.log(`opened the store ${store.id}`);
