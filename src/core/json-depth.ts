/** Levels of JSON that are read. Deeper values overflow the stack of whoever walks or writes them; no sensible document comes near. */
export const deepestJson = 200;
