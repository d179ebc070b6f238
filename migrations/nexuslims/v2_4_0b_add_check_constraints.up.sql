-- revision: v2_4_0b
-- parent: v2_4_0a
-- date: 2026-01-25 10:28:38.768026
-- title: Add check constraints to session_log.
--
-- From here on the database itself refuses an event type or a status that it does not know. A row that already holds one stops the step.

--@ count session_log "→ Migrating {n} session logs..."
CREATE TABLE session_log_new (
	id_session_log INTEGER NOT NULL, 
	session_identifier VARCHAR(36) NOT NULL, 
	instrument VARCHAR(100) NOT NULL, 
	timestamp VARCHAR NOT NULL, 
	event_type VARCHAR(17) NOT NULL, 
	record_status VARCHAR(18) NOT NULL, 
	user VARCHAR(50), 
	PRIMARY KEY (id_session_log), 
	CONSTRAINT check_event_type CHECK (event_type IN ('START', 'END', 'RECORD_GENERATION')), 
	CONSTRAINT check_record_status CHECK (record_status IN ('COMPLETED', 'WAITING_FOR_END', 'TO_BE_BUILT', 'BUILT_NOT_EXPORTED', 'ERROR', 'NO_FILES_FOUND', 'NO_CONSENT', 'NO_RESERVATION')), 
	FOREIGN KEY(instrument) REFERENCES instruments (instrument_pid)
);

INSERT INTO session_log_new (
            id_session_log, session_identifier, instrument, timestamp,
            event_type, record_status, user
        )
        SELECT
            id_session_log, session_identifier, instrument, timestamp,
            event_type, record_status, user
        FROM session_log;

--@ verify instruments
--@ verify session_log as session_log_new pk=id_session_log by=record_status
--@ summary "✓ Data integrity verified: {instruments} instruments, {session_log} session logs preserved"

DROP INDEX IF EXISTS ix_session_log_session_identifier;

DROP INDEX IF EXISTS "session_log.fk_instrument_idx";

DROP TABLE session_log;

ALTER TABLE session_log_new RENAME TO session_log;

CREATE INDEX ix_session_log_session_identifier ON session_log (session_identifier);
