-- In place: nothing is copied, and what is verified is the table itself.

--@ count session_log "→ Migrating {n} session logs..."
ALTER TABLE session_log ADD CONSTRAINT check_event_type CHECK (event_type IN ('START', 'END', 'RECORD_GENERATION'));

ALTER TABLE session_log ADD CONSTRAINT check_record_status CHECK (record_status IN ('COMPLETED', 'WAITING_FOR_END', 'TO_BE_BUILT', 'BUILT_NOT_EXPORTED', 'ERROR', 'NO_FILES_FOUND', 'NO_CONSENT', 'NO_RESERVATION'));

--@ verify instruments
--@ verify session_log called session_log_new pk=id_session_log by=record_status
--@ summary "✓ Data integrity verified: {instruments} instruments, {session_log} session logs preserved"
