/** Imported before a program: its wall clock is off by so many milliseconds, ahead or, below 0, behind. */
const offMs = Number(process.env['CLOCK_OFF_MS']);
const now = Date.now.bind(Date);
Date.now = () => now() + offMs;
