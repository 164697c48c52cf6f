/** Makes message ids: UUID v7, so that they sort by time. */
export type IdSource = () => string;
