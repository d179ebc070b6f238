-- The upload history is lost; statuses stay as they are.

DROP INDEX ix_upload_log_destination_name;

DROP INDEX ix_upload_log_session_identifier;

DROP TABLE upload_log;
