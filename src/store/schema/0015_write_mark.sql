-- 0015: what tells on PostgreSQL that something was written (docs/decisions/0009). SQLite's log of writes says it by itself.
-- only postgres
-- One row, moved by each commit of ours that writes; and one row for each statement by which anybody else writes.
CREATE TABLE write_mark(one {INT} PRIMARY KEY, n {INT} NOT NULL) WITH (fillfactor=10);
INSERT INTO write_mark(one,n) VALUES(1,0);
CREATE TABLE write_outside(id {ID});
CREATE FUNCTION write_outside_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path=pg_catalog AS $$
BEGIN
  EXECUTE format('INSERT INTO %I.write_outside DEFAULT VALUES', TG_TABLE_SCHEMA);
  RETURN NULL;
END $$;
-- Every table that has not got its trigger gets it; db_migrate.c asks after each step.
CREATE FUNCTION write_outside_watch() RETURNS void LANGUAGE plpgsql AS $$
DECLARE t record;
BEGIN
  FOR t IN SELECT c.oid::regclass AS name FROM pg_class c WHERE c.relnamespace=current_schema()::regnamespace AND c.relkind IN ('r','p')
      AND c.relname NOT IN ('schema_version','write_mark','write_outside')
      AND NOT EXISTS(SELECT 1 FROM pg_trigger g WHERE g.tgrelid=c.oid AND g.tgname='write_outside') LOOP
    EXECUTE format('CREATE TRIGGER write_outside AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT '
      'WHEN (current_setting(''pedel.writer'',true) IS DISTINCT FROM ''1'') EXECUTE FUNCTION write_outside_note()', t.name);
  END LOOP;
END $$;
-- both
