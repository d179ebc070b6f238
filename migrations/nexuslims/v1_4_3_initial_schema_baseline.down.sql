DROP INDEX ix_session_log_session_identifier;

DROP TABLE session_log;

DROP TABLE instruments;
