-- Takes the checks away; no status is rewritten.

--@ count session_log "→ Downgrading {n} session logs..."
ALTER TABLE session_log DROP CONSTRAINT check_event_type;

ALTER TABLE session_log DROP CONSTRAINT check_record_status;

--@ verify instruments
--@ verify session_log called session_log_old pk=id_session_log by=record_status
--@ summary "✓ Data integrity verified: {instruments} instruments, {session_log} session logs preserved"
