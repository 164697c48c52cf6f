// Opens the SQLite file given as argument, says so, and holds it until its standard input ends.
import { openDatabase } from '#adapters/sqlite/database.js';

const database = openDatabase({ path: process.argv[2] ?? ':memory:' });
console.log('holding the database');
process.stdin.on('end', () => database.close());
process.stdin.resume();
