import type { Migration } from '#adapters/sql/migration.js';

/** Status events of projects. Numbered by place in ../migrations.ts; a released step is never changed. */
export const statusLogSteps: readonly Migration[] = [
  {
    name: 'the log of status events by project',
    sql: `
      CREATE TABLE project_events (
        entry INTEGER PRIMARY KEY AUTOINCREMENT,
        project TEXT NOT NULL,
        id TEXT NOT NULL,
        sequence INTEGER,
        subject TEXT NOT NULL,
        is_request INTEGER NOT NULL,
        status TEXT,
        kind TEXT NOT NULL,
        time INTEGER NOT NULL,
        entered_at INTEGER NOT NULL,
        detail BLOB NOT NULL,
        UNIQUE (project, id)
      );
      CREATE INDEX project_events_unnumbered ON project_events (entry) WHERE sequence IS NULL;
      CREATE UNIQUE INDEX project_events_in_order ON project_events (project, sequence) WHERE sequence IS NOT NULL;
      CREATE INDEX project_events_by_subject ON project_events (project, subject, sequence) WHERE sequence IS NOT NULL;
      CREATE INDEX project_events_by_age ON project_events (entered_at);

      CREATE TABLE projects (
        project TEXT PRIMARY KEY,
        last INTEGER NOT NULL,
        published INTEGER NOT NULL,
        time INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX projects_by_time ON projects (time);
      CREATE INDEX projects_unpublished ON projects (project) WHERE published < last;

      CREATE TABLE project_subjects (
        project TEXT NOT NULL,
        subject TEXT NOT NULL,
        kind TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        time INTEGER NOT NULL,
        percent REAL,
        text BLOB,
        status TEXT,
        started_at INTEGER NOT NULL,
        is_request INTEGER NOT NULL,
        is_over INTEGER NOT NULL,
        PRIMARY KEY (project, subject)
      ) WITHOUT ROWID;
      CREATE INDEX project_subjects_by_sequence ON project_subjects (project, sequence);

      CREATE TABLE duties (
        duty TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        lease_until INTEGER NOT NULL
      ) WITHOUT ROWID;
    `,
  },
  {
    name: 'the number of subjects of each project',
    // Whoever lists projects asks for it, and counting reads an index entry for each of them.
    sql: `
      ALTER TABLE projects ADD COLUMN subjects INTEGER NOT NULL DEFAULT 0;
      UPDATE projects SET subjects =
        (SELECT count(*) FROM project_subjects WHERE project_subjects.project = projects.project);
    `,
  },
];
