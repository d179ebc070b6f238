#!/usr/bin/env bats
# Migrations and what a site has added to its database: columns, indexes, triggers and views of its own.
bats_require_minimum_version 1.5.0
load lib
load nx-db

lost() { echo "WARNING: the $1 did not come along; it is in the backup $(echo "$PWD"/*_backup_*)"; }

@test "what a site has added to a table that a step makes anew comes along, or is named with the backup that has it" {
  golden
  sql "ALTER TABLE session_log ADD COLUMN note TEXT; ALTER TABLE session_log ADD COLUMN summary TEXT; ALTER TABLE instruments ADD COLUMN note TEXT;
    UPDATE session_log SET note = 'precious'; UPDATE instruments SET note = 'kept';
    CREATE INDEX by_time ON session_log (timestamp DESC) WHERE event_type = 'END'; CREATE INDEX by_note ON session_log (\"note\");
    CREATE INDEX by_computer ON instruments (computer_name);
    CREATE TRIGGER log_t AFTER DELETE ON session_log BEGIN SELECT 1; END; CREATE TRIGGER tool_t AFTER DELETE ON instruments BEGIN SELECT 1; END"
  run --separate-stderr nx-db upgrade
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'column note of session_log')
$(lost 'column summary of session_log')
$(lost 'index by_note of session_log')
$(lost 'trigger log_t of session_log')
$(lost 'index by_computer of instruments')
$(lost 'trigger tool_t of instruments')"
  [ "$(sql "SELECT group_concat(name) FROM sqlite_master WHERE name LIKE 'by%' OR type = 'trigger'")" = by_time ]
  [ "$(sql "SELECT sql FROM sqlite_master WHERE name = 'by_time'")" = "CREATE INDEX by_time ON session_log (timestamp DESC) WHERE event_type = 'END'" ]
  [ "$(sql "SELECT DISTINCT note FROM instruments")" = kept ]
  [ "$(sqlite3 ./*_backup_* "SELECT DISTINCT note FROM session_log")" = precious ]
}

@test "an index of a site's own comes along, and a trigger is named, whichever word of a step it is called by" {
  golden
  sql "CREATE INDEX timestamp ON session_log (timestamp); CREATE INDEX \"index\" ON session_log (user);
    CREATE INDEX \"create\" ON session_log (instrument); CREATE INDEX user ON session_log (event_type); CREATE TRIGGER record_status AFTER DELETE ON session_log BEGIN SELECT 1; END"
  run --separate-stderr nx-db upgrade
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'trigger record_status of session_log')"
  [ "$(sql "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master
      WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = 'session_log' ORDER BY name)")" = \
    "create index ix_session_log_session_identifier timestamp user" ]
  run --separate-stderr nx-db downgrade v1_4_3
  assert_success
  assert_equal "$stderr" ""
  [ "$(sql "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name IN ('create', 'index', 'timestamp', 'user')")" = 4 ]
}

@test "a view of a site's own is there after every step, both ways, and one that cannot be made any more is named" {
  golden
  local made="CREATE VIEW errors AS SELECT s.session_identifier, i.location FROM session_log s JOIN instruments i ON s.instrument = i.instrument_pid"
  sql "$made; CREATE VIEW more AS SELECT * FROM errors; CREATE VIEW hosts AS SELECT computer_name FROM instruments;
    CREATE VIEW \"session_log\"\"v\" AS SELECT 1;
    CREATE TRIGGER on_errors INSTEAD OF DELETE ON errors BEGIN SELECT 1; END"
  before=$(sql "SELECT count(*) FROM errors")
  run --separate-stderr nx-db upgrade
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'view hosts')"
  [ "$(sql "SELECT count(*) FROM more")" = "$before" ]
  [ "$(sql "SELECT sql FROM sqlite_master WHERE name = 'errors'")" = "$made" ]
  [ "$(sql "SELECT group_concat(name) FROM sqlite_master WHERE type = 'trigger'")" = on_errors ]
  for target in v2_4_0a v1_4_3; do
    run --separate-stderr nx-db downgrade $target
    assert_success
    assert_equal "$stderr" ""
    [ "$(sql "SELECT count(*) FROM more")" = "$before" ]
  done
  [ "$(sql "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name)")" = 'errors more session_log"v' ]
}

@test "a view that names its columns in quotes is not kept to give their names for values, whatever texts it writes likewise" {
  golden
  sql "CREATE VIEW a_host AS SELECT \"host\" FROM hosts WHERE location <> \"nowhere\";
    CREATE VIEW hosts AS SELECT \"computer_name\" AS \"host\", \"location\" FROM \"instruments\";
    CREATE VIEW placed AS SELECT \"computer_name\" FROM instruments WHERE location <> \"nowhere\";
    CREATE VIEW tools AS SELECT \"instrument_pid\", \"location\" FROM \"instruments\" WHERE location <> \"nowhere\""
  tools=$(sql "SELECT * FROM tools")
  run --separate-stderr nx-db upgrade v2_5_0b
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'view a_host')
$(lost 'view hosts')
$(lost 'view placed')"
  assert_equal "$(sql "SELECT group_concat(name) FROM sqlite_master WHERE type = 'view'")" tools
  assert_equal "$(sql "SELECT * FROM tools")" "$tools"
}

@test "a trigger of a site's own table that reads a view is there after every step, and one whose view is lost is named with it" {
  golden
  local made="CREATE TRIGGER site_t BEFORE INSERT ON Site_Audit WHEN EXISTS (SELECT 1 FROM ACTIVE WHERE pid = new.pid) BEGIN SELECT RAISE(IGNORE); END"
  sql "CREATE TABLE site_audit (pid); CREATE VIEW active AS SELECT pid FROM site_audit; $made;
    CREATE VIEW hosts AS SELECT computer_name FROM instruments;
    CREATE TRIGGER host_t AFTER INSERT ON site_audit BEGIN SELECT computer_name FROM hosts; END;
    CREATE TRIGGER log_t AFTER INSERT ON session_log BEGIN INSERT INTO site_audit SELECT count(*) FROM active; END;
    CREATE TRIGGER active_t INSTEAD OF INSERT ON Active BEGIN INSERT INTO site_audit VALUES (new.pid); END"
  run --separate-stderr nx-db upgrade
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'trigger log_t of session_log')
$(lost 'view hosts')
$(lost 'trigger host_t of site_audit')"
  sql "INSERT INTO active VALUES (1); INSERT INTO site_audit VALUES (1), (2)"
  assert_equal "$(sql "SELECT group_concat(pid) FROM active")" 1,2
  run --separate-stderr nx-db downgrade v1_4_3
  assert_success
  assert_equal "$stderr" ""
  assert_equal "$(sql "SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name)")" active_t,site_t
  assert_equal "$(sql "SELECT sql FROM sqlite_master WHERE name = 'site_t'")" "$made"
}

@test "a view that is called like a table of a later revision is named, and is no obstacle" {
  golden
  sql "CREATE VIEW Upload_Log AS SELECT 1 AS id; CREATE VIEW more AS SELECT id FROM upload_log;
    CREATE TRIGGER upload_t INSTEAD OF DELETE ON upload_log BEGIN SELECT 1; END"
  run --separate-stderr nx-db upgrade
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'view Upload_Log')
$(lost 'view more')
$(lost 'trigger upload_t of upload_log')"
  assert_equal "$(version)" v2_5_0b
  assert_equal "$(sql "SELECT type FROM sqlite_master WHERE name = 'upload_log'")" table
  assert_equal "$(sql "SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger')")" 0
}

@test "a trigger or index is named, or comes along, whichever case its table has in the statement that made it" {
  golden
  sql "CREATE TRIGGER log_t AFTER DELETE ON Session_Log BEGIN SELECT 1; END; CREATE INDEX by_user ON SESSION_LOG (user)"
  run --separate-stderr nx-db upgrade
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'trigger log_t of Session_Log')"
  assert_equal "$(sql "SELECT count(*) FROM sqlite_master WHERE name = 'by_user'")" 1
}

@test "a downgrade names what does not come along, too" {
  head_with_rows
  sql "ALTER TABLE session_log ADD COLUMN note TEXT; CREATE INDEX by_time ON session_log (timestamp)"
  run --separate-stderr nx-db downgrade v2_4_0a
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'column note of session_log')"
  [ "$(sql "SELECT count(*) FROM sqlite_master WHERE name = 'by_time'")" = 1 ]
}

@test "a migration of a database of either origin loses nothing that is not its own to lose" {
  for origin in v1_4_3 v1_4_3_legacy; do
    need_corpus db
    install -m 644 "$CORPUS/db/$origin.sqlite" "$NX_DB_PATH"
    [ $origin = v1_4_3 ] || nx-db alembic stamp v1_4_3
    for direction in upgrade 'downgrade v1_4_3' upgrade 'downgrade base'; do
      run --separate-stderr nx-db $direction
      assert_success
      assert_equal "$stderr" ""
    done
  done
}

@test "a trigger that would refuse every later row is named with the view that it reads, or alone, and rows go in" {
  golden
  nx-db upgrade v2_5_0a >/dev/null
  rm -f ./*_backup_*
  sql "CREATE VIEW tools AS SELECT instrument_pid, location FROM instruments; CREATE TABLE exported (who, what);
    CREATE TRIGGER exported_t AFTER INSERT ON session_log WHEN NEW.instrument IN (SELECT instrument_pid FROM tools)
      BEGIN INSERT INTO exported SELECT NEW.user, schema_name FROM instruments WHERE instrument_pid = NEW.instrument; END;
    CREATE TRIGGER quoted_t AFTER INSERT ON session_log BEGIN INSERT INTO exported SELECT NEW.user, \"schema_name\" FROM instruments, tools; END;
    CREATE TRIGGER kept_t AFTER INSERT ON session_log BEGIN INSERT INTO exported SELECT NEW.user, location FROM tools WHERE instrument_pid = NEW.instrument; END;
    CREATE TRIGGER move_t INSTEAD OF UPDATE OF location ON tools BEGIN UPDATE instruments SET schema_name = NEW.location; END;
    CREATE TRIGGER place_t INSTEAD OF UPDATE ON tools BEGIN UPDATE instruments SET location = NEW.location WHERE instrument_pid = OLD.instrument_pid; END"
  run --separate-stderr nx-db upgrade
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'trigger exported_t of session_log')
$(lost 'trigger move_t of tools')
$(lost 'trigger quoted_t of session_log')"
  local pid
  pid=$(sql "SELECT instrument_pid FROM instruments LIMIT 1")
  sql "UPDATE tools SET location = 'attic' WHERE instrument_pid = '$pid'"
  nx-db log-events <<<'{"kind":"usage_event","session_identifier":"https://n/?id=9","instrument_pid":"'"$pid"'","start":"2025-03-03T11:05:12-05:00","end":"2025-03-03T15:59:30-05:00","user":"ned"}'
  assert_equal "$(sql "SELECT DISTINCT who, what FROM exported")" "ned|attic"
}

@test "a trigger that speaks of a table which a step makes anew is no obstacle, whichever table it is of, and stays when it can" {
  golden
  sql "CREATE TABLE site (a); CREATE TABLE gone (a);
    CREATE TRIGGER site_t AFTER INSERT ON site WHEN (SELECT count(*) FROM session_log) > 0 BEGIN INSERT INTO site SELECT location FROM instruments; END;
    CREATE TRIGGER name_t AFTER DELETE ON site BEGIN INSERT INTO site SELECT schema_name FROM instruments; END;
    CREATE TRIGGER broken_t AFTER UPDATE ON site BEGIN INSERT INTO gone VALUES (1); END; DROP TABLE gone"
  nx-db upgrade v2_4_0a >/dev/null
  rm -f ./*_backup_*
  sql "CREATE TRIGGER tool_t AFTER UPDATE ON instruments BEGIN UPDATE session_log SET user = user; END"
  run --separate-stderr nx-db upgrade v2_5_0a
  assert_success
  assert_equal "$stderr" ""
  rm -f ./*_backup_*
  sql "CREATE TRIGGER log_t AFTER INSERT ON session_log BEGIN INSERT INTO site SELECT location FROM instruments; END"
  run --separate-stderr nx-db upgrade
  assert_success
  assert_equal "$(sed 's/.* nx-db //' <<<"$stderr")" "$(lost 'trigger tool_t of instruments')
$(lost 'trigger name_t of site')"
  assert_equal "$(sql "SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name)")" broken_t,log_t,site_t
  sql "INSERT INTO site VALUES (1)"
  assert_equal "$(sql "SELECT count(*) FROM site")" "$(($(sql "SELECT count(*) FROM instruments") + 1))"
}

@test "a table that cannot be read is shown as ?, and the rows of the others are counted and imported" {
  head_with_rows
  nx-db export -o snapshot >/dev/null
  unreadable="PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('table', 'places', 'places', 0, 'CREATE VIRTUAL TABLE places USING nobody_has_it (a)')"
  sql "$unreadable"
  run nx-db info
  assert_success
  assert_line --regexp '^  places +: [?]$'
  assert_line --regexp '^  session_log +: 41$'
  run nx-db info --jq '.tables | [.places, .session_log]'
  assert_equal "$(jq -c . <<<"$output")" '[null,41]'
  export NX_DB_PATH=$PWD/other.sqlite
  nx-db init >/dev/null
  sql "$unreadable"
  run nx-db import snapshot
  assert_success
  assert_equal "$(sql "SELECT count(*) FROM session_log")" 41
}
